"""Puts what was gathered, parsed and read into the inputs of the rule. No I/O, no judgement of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.gather import NOTHING_MORE, CapUse, Gathered, Watch
from governance.latches import standing_of
from governance.policy import evidence
from governance.policy.action_types import ActionTypeSpec
from governance.policy.decision import Inputs
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import FactSummary, Result
from governance.policy.health import tool_health
from governance.policy.in_flight import NO_LIMITS, Flight
from governance.policy.money import Money, Pinned
from governance.policy.novelty import Novel, novelties
from governance.policy.tiers import Level
from governance.policy.velocity import CapKey, Unit, Usage

# Actions that leave out one of the entities of their type share a budget for it, so that silence evades no cap.
NOBODY = "?"
NOTICE = "notice"
# A longer id is counted by its hash: the keys of budgets and the column of entities are not endless.
MOST_SPELLED = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked, after its contract was checked: typed values only, amounts in minor units.

    `counted`: how often the guardrail counts it already, 1 at the redemption of a grant that policy issued.
    `subject` is whom the agent names, `whom` the subject that is counted: the record's where it was read. An amount is
    None also without a rate: then `currency_known` is False. `rate` is what it was counted at.
    """

    spec: ActionTypeSpec
    bound: bool
    values: Mapping[str, Any]
    subject: str
    amount: int | None
    facts: tuple[FactSummary, ...] | None
    confidence: Decimal | None = None
    uncertain: bool = False
    elevate: bool = False
    agent_reason: str | None = None
    contended: bool = False
    counted: int = 0
    whom: str = ""
    currency_known: bool = True
    rate: Pinned | None = None


def money_of(spec: ActionTypeSpec, parameters: Mapping[str, object], money: Mapping[str, Money]) -> Money | None:
    """What this action moves, in its own currency; None when it is not known.

    `money` are the amounts that the binding derived from the record; they never lose their currency.
    """
    if spec.amount is None or not spec.amount.from_record:
        return spec.money_in(parameters)
    return money.get(spec.amount.name)


def cap_uses(spec: ActionTypeSpec, *, values: Mapping[str, Any], subject: str, amount: int | None) -> list[CapUse]:
    """Every cap of the type with what this action adds to it, in the order of the type."""
    uses: list[CapUse] = []
    for cap in spec.caps:
        adds = 1 if cap.unit is Unit.COUNT else (amount or 0)
        if cap.key is CapKey.ENTITY:
            uses += [CapUse(cap, adds, name, value) for name, value in entities(spec, values=values, subject=subject)]
        else:
            uses.append(CapUse(cap, adds))
    return uses


def entities(spec: ActionTypeSpec, *, values: Mapping[str, Any], subject: str) -> list[tuple[str, str]]:
    """The (name, canonical id) pairs this action concerns; a list parameter concerns each member.

    One mailbox is one entity however its address is spelled. Ids are compared as they are: the pattern of the
    contract says which spelling is the record's.
    """
    found: list[tuple[str, str]] = []
    for name in spec.entities:
        value = subject if name == "subject" else values.get(name)
        members = value if isinstance(value, list) else [value]
        described = spec.contract.fields.get(name)
        kind = "" if described is None else described.type
        # all of them: a list is as long as its contract lets it be, and nobody in it escapes a cap
        said = dict.fromkeys((name, _canonical(kind, str(member))) for member in members if member not in (None, ""))
        found += said or [(name, NOBODY)]
    return found


def watch(spec: ActionTypeSpec, *, values: Mapping[str, Any], subject: str) -> Watch:
    """What has to be read besides, for a type that limits what is under way or requires evidence of novelty."""
    if spec.in_flight == NO_LIMITS and spec.novelty is None:
        return NOTHING_MORE
    flights = tuple(key for key, *_ in _flights(spec, values=values, subject=subject))
    return Watch(flights, None if spec.novelty is None else familiar_values(spec, values))


def familiar_values(spec: ActionTypeSpec, values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(parameter, hash of its canonical value) of everything that may be new to an agent; each member of a list."""
    found: dict[tuple[str, str], None] = {}
    for name in () if spec.novelty is None else spec.novelty.values:
        value = values.get(name)
        for member in value if isinstance(value, list) else [value]:
            if member not in (None, ""):
                spelled = _canonical(spec.contract.fields[name].type, str(member))
                found[(name, hashlib.sha256(spelled.encode()).hexdigest())] = None
    return tuple(found)


def _flights(
    spec: ActionTypeSpec, *, values: Mapping[str, Any], subject: str
) -> list[tuple[str, CapKey, int, str | None]]:
    """Each limit on what is under way: its key, what it counts over, the limit, the name of an entity."""
    limits, found = spec.in_flight, list[tuple[str, CapKey, int, str | None]]()
    if limits.entity is not None:
        each = entities(spec, values=values, subject=subject)
        found += [(f"entity:{name}={value}", CapKey.ENTITY, limits.entity, name) for name, value in each]
    if limits.agent is not None:
        found.append(("agent", CapKey.AGENT, limits.agent, None))
    return found


def _under_way(wish: Wish, gathered: Gathered) -> tuple[Flight, ...]:
    if not gathered.flights:
        return ()
    limits = _flights(wish.spec, values=wish.values, subject=wish.whom)
    return tuple(
        Flight(key, flown.live, limit, entity)
        for flown in gathered.flights
        for _, key, limit, entity in (limits[flown.place],)
    )


def _new(wish: Wish, gathered: Gathered) -> tuple[Novel, ...] | None:
    """What is new to the agent; None where the type does not ask, or nothing was read."""
    rule, handled = wish.spec.novelty, gathered.handled
    if rule is None or handled is None:
        return None
    return novelties(
        rule,
        handled=handled.count,
        amounts=handled.amounts,
        unseen=handled.unseen,
        amount=wish.amount,
        money=wish.spec.amount is not None,
    )


def _novelty(spec: ActionTypeSpec, new: tuple[Novel, ...] | None) -> Signal:
    if spec.novelty is None:
        return Signal.GREEN
    return Signal.UNKNOWN if new is None else Signal.AMBER if new else Signal.GREEN


def _canonical(kind: str, value: str) -> str:
    """The one spelling under which an entity is counted, no longer than a key has room for."""
    spelled = value.lower() if kind == "email" else value
    return spelled if len(spelled) <= MOST_SPELLED else f"sha256:{hashlib.sha256(spelled.encode()).hexdigest()}"


def weigh(wish: Wish, gathered: Gathered) -> Inputs:
    """The typed inputs of `decide` for this wish at this moment."""
    spec = wish.spec
    facts = _with_pin(wish, gathered)
    usages = tuple(
        Usage(use.cap, state.key, state.live, use.amount, use.name or None)
        for use, state in zip(gathered.uses, gathered.budgets, strict=True)
    )
    new = _new(wish, gathered)
    novelty = _novelty(spec, new)
    level = gathered.level if gathered.in_domain else None
    counted = gathered.guardrail
    standing, hold = standing_of(spec, gathered, usages)
    return Inputs(
        **_asked(wish),
        # anybody registered may tell a person that something is out of their scope
        level=Level.L0 if level is None and spec.key == NOTICE else level,
        ancestors_permitted=gathered.chain_permitted or spec.key == NOTICE,
        above=() if spec.key == NOTICE else gathered.above,
        ticket_stands=gathered.ticket_stands,
        limiters=gathered.limiters,
        halts=gathered.halts,
        inactive=gathered.inactive,
        standing=standing,
        standing_hold=hold,
        signals=_signals(wish, gathered, facts, usages, novelty),
        connector=gathered.connector,
        connector_health=tool_health(gathered.connector_sources) if gathered.connector else Signal.GREEN,
        facts=facts,
        usages=usages,
        in_flight=_under_way(wish, gathered),
        novelty=novelty,
        novel=new or (),
        error_rate=_error_rate(spec),
        # what was not counted is no guardrail
        guardrail=None if counted is None else spec.guardrail,
        guardrail_used=0 if counted is None else max(0, counted.live - wish.counted),
    )


def _asked(wish: Wish) -> dict[str, Any]:
    """The inputs that the wish and its type say alone, whatever was gathered."""
    spec = wish.spec
    return {
        "action_class": spec.action_class,
        "base_risk": spec.base_risk,
        "amount": wish.amount,
        "amount_known": wish.amount is not None or spec.amount is None or not wish.currency_known,
        "currency_known": wish.currency_known,
        "rate": wish.rate,
        "quantity": spec.quantity_in(wish.values),
        "data_class": spec.data_class_in(wish.values),
        "thresholds": spec.thresholds,
        "human_required": spec.human_required,
        "elevate": wish.elevate,
        "agent_reason": wish.agent_reason,
        "required_evidence": spec.evidence,
        "tool": spec.tool,
        "bound": wish.bound,
        "facts_first": spec.facts_first,
        "uncertain": wish.uncertain,
        "confidence": wish.confidence,
        "confidence_threshold": spec.confidence_threshold,
        "contended": wish.contended,
    }


def _signals(
    wish: Wish,
    gathered: Gathered,
    facts: tuple[FactSummary, ...] | None,
    usages: tuple[Usage, ...],
    novelty: Signal,
) -> dict[Kind, Signal]:
    """What the evidence of each kind says; of novelty, errors and doubt only where the type asks."""
    signals = {
        Kind.CONTRACT: evidence.contract_signal(gathered.breaches),
        Kind.COMPLETENESS: evidence.completeness(facts) if wish.bound else Signal.UNKNOWN,
        Kind.VELOCITY: evidence.velocity_signal(usages),
        Kind.TOOL_HEALTH: tool_health(gathered.tool_sources),
    }
    required = wish.spec.evidence
    if Kind.NOVELTY in required:
        signals[Kind.NOVELTY] = novelty
    if Kind.ERROR_RATE in required:
        signals[Kind.ERROR_RATE] = _error_rate(wish.spec)
    if Kind.UNCERTAINTY in required:
        signals[Kind.UNCERTAINTY] = Signal.AMBER if wish.uncertain else Signal.GREEN
    return signals


def _error_rate(spec: ActionTypeSpec) -> Signal:
    """No decision counts what reviews found yet, so a type that requires to know it does not."""
    return Signal.UNKNOWN if Kind.ERROR_RATE in spec.evidence else Signal.GREEN


def _with_pin(wish: Wish, gathered: Gathered) -> tuple[FactSummary, ...] | None:
    """A run acts for the subject of its first action: another one contradicts, whatever the record says.

    Who names nobody acts for whom the record names: that differs too, and nothing was claimed.
    """
    pinned, whom = gathered.pinned_subject, wish.subject or wish.whom
    if not pinned or not whom or pinned == whom:
        return wish.facts
    return (*(wish.facts or ()), FactSummary("run subject", Result.DIFFERS, required=True, claimed=bool(wish.subject)))
