"""Puts what was gathered, parsed and read into the inputs of the rule. No I/O, no judgement of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.gather import CapUse, Gathered
from governance.latches import standing_of
from governance.policy import evidence
from governance.policy.action_types import ActionTypeSpec
from governance.policy.decision import Inputs
from governance.policy.evidence import Kind, Signal
from governance.policy.facts import FactSummary, Result
from governance.policy.money import REFERENCE_CURRENCY, Money
from governance.policy.tiers import Level
from governance.policy.velocity import CapKey, Unit, Usage

# Actions that do not say whom they concern share one budget, so that silence evades no cap.
NOBODY = "?"
NOTICE = "notice"
# A longer id is counted by its hash: the keys of budgets and the column of entities are not endless.
MOST_SPELLED = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked, after its contract was checked: typed values only, amounts in minor units.

    `counted`: how often the guardrail counts it already, 1 at the redemption of a grant that policy issued.
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


def amount_in_reference(
    spec: ActionTypeSpec, parameters: Mapping[str, object], money: Mapping[str, Money]
) -> int | None:
    """What this action moves, in minor units of the reference currency; None when not known, or without a rate.

    `money` are the amounts that the binding derived from the record; they never lose their currency.
    """
    if spec.amount is None or not spec.amount.from_record:
        return spec.amount_in(parameters)
    found = money.get(spec.amount.name)
    return found.minor if found is not None and found.currency == REFERENCE_CURRENCY else None


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
        found += dict.fromkeys((name, _canonical(kind, str(member))) for member in members if member not in (None, ""))
    return found or [(name, NOBODY) for name in spec.entities[:1]]


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
    signals = {
        Kind.CONTRACT: evidence.contract_signal(gathered.breaches),
        Kind.COMPLETENESS: evidence.completeness(facts) if wish.bound else Signal.UNKNOWN,
        Kind.VELOCITY: evidence.velocity_signal(usages),
        Kind.TOOL_HEALTH: evidence.tool_health(gathered.tool_good, gathered.tool_total),
    }
    level = gathered.level if gathered.in_domain else None
    counted = gathered.guardrail
    standing, hold = standing_of(spec, gathered, usages)
    return Inputs(
        action_class=spec.action_class,
        base_risk=spec.base_risk,
        amount=wish.amount,
        amount_known=wish.amount is not None or spec.amount is None,
        currency_known=True,
        quantity=spec.quantity_in(wish.values),
        data_class=spec.data_class_in(wish.values),
        thresholds=spec.thresholds,
        human_required=spec.human_required,
        elevate=wish.elevate,
        agent_reason=wish.agent_reason,
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
        signals=signals,
        required_evidence=spec.evidence,
        facts=facts,
        bound=wish.bound,
        facts_first=spec.facts_first,
        usages=usages,
        uncertain=wish.uncertain,
        confidence=wish.confidence,
        confidence_threshold=spec.confidence_threshold,
        contended=wish.contended,
        # what was not counted is no guardrail
        guardrail=None if counted is None else spec.guardrail,
        guardrail_used=0 if counted is None else max(0, counted.live - wish.counted),
    )


def _with_pin(wish: Wish, gathered: Gathered) -> tuple[FactSummary, ...] | None:
    """A run acts for the subject of its first action: another one contradicts, whatever the record says."""
    pinned = gathered.pinned_subject
    if not pinned or not wish.subject or pinned == wish.subject:
        return wish.facts
    return (*(wish.facts or ()), FactSummary("run subject", Result.DIFFERS, required=True, claimed=True))
