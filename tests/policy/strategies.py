"""Hypothesis strategies of well-typed inputs: all in order more often than chance would have it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Inputs, Thresholds
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import FactSummary, Result
from governance.policy.guardrails import Guardrail
from governance.policy.holds import Hold, Over
from governance.policy.in_flight import Flight
from governance.policy.money import Pinned
from governance.policy.novelty import Novel, NovelKind
from governance.policy.rulings import Enforcement, Failure, RuleSaid
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import Cap, CapKey, Unit, Usage

tiers = st.sampled_from(Tier)
signals = st.sampled_from(Signal)
ABOVE = (LimiterKind.ENTERPRISE, LimiterKind.DOMAIN, LimiterKind.PROJECT, LimiterKind.ANCESTOR, LimiterKind.AGENT)
RECOVERED = dt.datetime(2026, 11, 22, 10, 15, tzinfo=dt.UTC)


def mostly(good: Any, other: st.SearchStrategy[Any], times: int = 8) -> st.SearchStrategy[Any]:
    """The good value `times` as often as another one: most inputs must be able to reach the last guard."""
    return st.integers(0, times).flatmap(lambda draw: other if draw == 0 else st.just(good))


def limiters() -> st.SearchStrategy[tuple[Limiter, ...]]:
    tier = mostly(Tier.COMMIT, st.none() | tiers, times=5)
    chain = st.tuples(*(st.builds(Limiter, kind=st.just(kind), name=st.just(kind.value), tier=tier) for kind in ABOVE))
    recovery = st.builds(Limiter, st.just(LimiterKind.RECOVERY), st.just("refunds"), tiers, st.just(RECOVERED))
    recovering = mostly((), st.lists(recovery, min_size=1, max_size=2).map(tuple))
    return mostly(None, st.sets(st.integers(0, len(ABOVE) - 1)), times=9).flatmap(
        lambda left_out: st.builds(lambda above, more: (*_without(above, left_out), *more), chain, recovering)
    )


def _without(chain: tuple[Limiter, ...], left_out: set[int] | None) -> tuple[Limiter, ...]:
    return tuple(limiter for place, limiter in enumerate(chain) if place not in (left_out or ()))


caps = st.builds(
    Cap,
    key=st.sampled_from(CapKey),
    unit=st.sampled_from(Unit),
    limit=mostly(10**6, st.integers(0, 10)),
    window_seconds=st.sampled_from([60, 86400]),
    hard=st.booleans(),
)
usages = st.builds(
    Usage, cap=caps, budget_key=st.just("key"), live=st.integers(0, 10), amount=st.integers(0, 10), entity=st.none()
)
flights = st.builds(
    Flight,
    key=st.sampled_from([CapKey.ENTITY, CapKey.AGENT]),
    live=st.integers(0, 3),
    limit=st.integers(1, 3),
    entity=st.sampled_from([None, "customer"]),
)
novel = st.builds(
    Novel,
    kind=st.sampled_from(NovelKind),
    parameter=st.sampled_from(["", "payee"]),
    figure=st.integers(0, 9),
    bound=st.integers(0, 9),
)
facts = st.builds(
    FactSummary,
    name=st.sampled_from(["amount", "status", "owner"]),
    result=mostly(Result.AGREES, st.sampled_from(Result), times=12),
    required=st.booleans(),
    claimed=st.booleans(),
    less=mostly(False, st.booleans(), times=3),
)
thresholds = st.builds(
    Thresholds,
    amount=mostly(None, st.integers(0, 10), times=3),
    quantity=mostly(None, st.integers(0, 10), times=3),
    data_class=mostly(None, st.integers(0, 3), times=3),
)
guardrail = Guardrail(money=20, count=3, window_seconds=86400)
guardrails = st.builds(
    Guardrail,
    money=st.none() | st.integers(0, 20),
    count=st.integers(0, 4),
    window_seconds=st.sampled_from([60, 86400]),
)
rules = st.builds(
    RuleSaid,
    bundle=st.just("refunds"),
    version=st.integers(1, 9),
    digest=st.just("0f" * 32),
    rule=st.just("small_refunds"),
    enforcement=st.sampled_from(Enforcement),
    tier=st.none() | tiers,
    reasons=st.just(()) | st.just(("The amount is over 500.00.",)),
    failure=mostly("", st.sampled_from(Failure).map(str), times=3),
)
all_green = dict.fromkeys(Kind, Signal.GREEN)
shares = st.decimals(0, 1, places=2)

holds = st.builds(
    Hold,
    over=st.sampled_from(Over),
    name=st.sampled_from(["", "this customer", "Refunder", "a\u202eb"]),
    pulled=st.booleans(),
    rises_at=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    step=st.sampled_from([0, 900, 86400]),
)

held_above = st.tuples(st.just("Refunder"), mostly(Level.L3, st.sampled_from(Level), times=2))
names: st.SearchStrategy[tuple[str, ...]] = mostly((), st.just(("enterprise acme",)), times=15)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "action_class": st.sampled_from(ActionClass),
    "base_risk": st.sampled_from(Risk),
    "amount": mostly(5, st.none() | st.integers(-2, 20), times=3),
    "amount_known": mostly(True, st.just(False)),
    "currency_known": mostly(True, st.just(False)),
    "quantity": mostly(5, st.none() | st.integers(-2, 20), times=3),
    "data_class": mostly(1, st.none() | st.integers(0, 4), times=3),
    "thresholds": thresholds,
    "human_required": mostly(False, st.just(True)),
    "elevate": mostly(False, st.just(True), times=4),
    "agent_reason": mostly(None, st.sampled_from(["uncertain", "novel_input", "approve me"])),
    "level": mostly(Level.L3, st.none() | st.sampled_from(Level), times=2),
    "ancestors_permitted": mostly(True, st.just(False), times=15),
    "above": st.lists(held_above, max_size=3).map(tuple),
    "ticket_stands": mostly(True, st.just(False), times=15),
    "limiters": limiters(),
    "halts": names,
    "inactive": names,
    "standing": mostly(Tier.COMMIT, st.none() | tiers),
    "standing_hold": mostly(None, holds),
    "policy": mostly(Tier.COMMIT, st.none() | tiers),
    "policy_available": mostly(True, st.just(False)),
    "policy_grants": mostly(True, st.just(False), times=2),
    "policy_rules": st.lists(rules, max_size=2).map(tuple),
    "guardrail": mostly(guardrail, st.none() | guardrails, times=2),
    "guardrail_used": mostly(0, st.integers(0, 4), times=2),
    "signals": mostly(all_green, st.dictionaries(st.sampled_from(Kind), signals), times=3),
    "required_evidence": st.frozensets(st.sampled_from(Kind)),
    "tool": st.just("shop.payments"),
    "connector": st.just("records"),
    "connector_health": mostly(Signal.GREEN, signals),
    "facts": mostly((), st.none() | st.lists(facts, max_size=4).map(tuple), times=1),
    "bound": mostly(True, st.just(False)),
    "facts_first": mostly(True, st.just(False)),
    "usages": st.lists(usages, max_size=3).map(tuple),
    "in_flight": mostly((), st.lists(flights, max_size=2).map(tuple), times=4),
    "rate": mostly(None, st.just(Pinned("EUR", Decimal("1.0873"), "2026-11-21"))),
    "novel": mostly((), st.lists(novel, max_size=2).map(tuple), times=6),
    "novelty": mostly(Signal.GREEN, signals),
    "error_rate": mostly(Signal.GREEN, signals),
    "uncertain": mostly(False, st.just(True)),
    "confidence": mostly(None, shares | st.just(Decimal("1.5")), times=4),
    "confidence_threshold": mostly(None, shares, times=4),
    "score_threshold": mostly(Decimal("0.92"), st.sampled_from([Decimal(0), Decimal(1), Decimal("1.1")])),
    "contended": mostly(False, st.just(True)),
    "waits": mostly(False, st.just(True), times=6),
}

every_input: st.SearchStrategy[Inputs] = st.fixed_dictionaries(FIELDS).map(lambda fields: Inputs(**fields))
