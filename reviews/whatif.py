"""READ what the rule would answer if something stood otherwise: the same pure function, and nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from governance.entries import Entry, current
from governance.gather import Gathered, gather
from governance.models import ActionType
from governance.policy.action_types import ActionTypeSpec
from governance.policy.decision import Inputs, Outcome, decide
from governance.policy.evidence import Kind, Signal, completeness
from governance.policy.facts import FactSummary, Result
from governance.policy.reasons import Reason
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import Unit
from governance.problems import Code, Problem
from governance.weigh import Wish, cap_uses, weigh
from reviews import rows
from reviews.eligible import Matter
from reviews.explained import Told, tell
from reviews.governed import judged
from reviews.routing import rank_needed, stages_needed
from reviews.withheld import OVERRIDE_RANK


class Facts(StrEnum):
    """What is supposed of all facts that a case would compare."""

    AGREE = "agree"
    DIFFER = "differ"
    UNREACHABLE = "unreachable"
    UNREAD = "not read"


_RESULTS = {Facts.AGREE: Result.AGREES, Facts.DIFFER: Result.DIFFERS, Facts.UNREACHABLE: Result.UNREACHABLE}

# A run that no agent uses, so that only what is authorised above runs counts.
NO_RUN = "?"
# What these say is supposed in a field for types that do not require it too.
_OWN_FIELD = frozenset({Kind.NOVELTY, Kind.ERROR_RATE})


@dataclass(frozen=True, slots=True)
class Present:
    """An agent and an action type as they stand now. Facts that would be read first are taken to agree.

    `gathered` is all that was read of them.
    """

    agent: UUID
    agent_name: str
    action_type: str
    type_id: int
    spec: ActionTypeSpec
    inputs: Inputs
    has_amount: bool
    has_quantity: bool
    facts: tuple[str, ...]
    gathered: Gathered

    @property
    def signals(self) -> Mapping[Kind, Signal]:
        """The signals that this action type requires, but those that are supposed in a field of their own."""
        required = self.inputs.required_evidence - _OWN_FIELD
        return {kind: self.inputs.signals.get(kind, Signal.UNKNOWN) for kind in Kind if kind in required}

    @property
    def has_connector(self) -> bool:
        """Whether the health of a connector is judged beside that of the tool."""
        return self.inputs.connector != "" and Kind.TOOL_HEALTH in self.inputs.required_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What is supposed to stand otherwise; `ceilings` in the order of the limiters.

    None: no permission, no amount, no stated confidence, a tier that is not known.
    """

    amount: int | None
    quantity: int | None
    level: Level | None
    ceilings: tuple[Tier | None, ...]
    signals: Mapping[Kind, Signal]
    connector: Signal
    currency_known: bool
    standing: Tier | None
    policy: Tier | None
    policy_available: bool
    policy_grants: bool
    guardrail_used: int
    facts: Facts
    novelty: Signal
    error_rate: Signal
    confidence: Decimal | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The explanation of what stands, and of what is supposed; what a case would ask of its reviewer, if it is one."""

    now: Told
    then: Told
    case_now: Matter | None
    case_then: Matter | None


_ACTIVE = "select ag.id, placet_named(ag) as name from governance_agent ag where ag.state = 'active'"


def choices() -> tuple[list[tuple[UUID, str]], list[str]]:
    """The active agents by name, whether or not they hold a key, and the action types by key."""
    agents = [(row["id"], row["name"]) for row in rows.fetch(f"{_ACTIVE} order by lower(ag.name) limit 500")]
    return agents, list(ActionType.objects.order_by("key").values_list("key", flat=True)[:500])


def present(agent: UUID, action_type: str) -> Present:
    """What stands now, in one read. Problem INVALID, naming the field, for an agent or a type that cannot be asked."""
    row = ActionType.objects.filter(key=action_type).only("pk").first()
    # as stored now: what this process parsed earlier may have been edited since
    entry = None if row is None else current(row.pk)
    if row is None or entry is None:
        raise _unfit("type", "There is no such action type.")
    found = rows.fetch(f"{_ACTIVE} and ag.id = %s", [agent])
    if not found:
        raise _unfit("agent", "There is no such active agent.")
    inputs, gathered = _inputs(agent, entry)
    return Present(
        agent=agent,
        agent_name=found[0]["name"],
        action_type=entry.spec.key,
        type_id=row.pk,
        spec=entry.spec,
        inputs=inputs,
        has_amount=entry.spec.amount is not None,
        has_quantity=entry.spec.quantity_of is not None,
        facts=() if entry.binding is None else tuple(fact.rule.name for fact in entry.binding.facts),
        gathered=gathered,
    )


def compare(stands: Present, supposed: Supposed) -> Compared:
    """Both explanations. Policy is asked of what is supposed, unless its answer is what is supposed."""
    then = changed(stands, supposed)
    if _policy(supposed) == _policy(standing(stands)):
        found = judged(then, stands.gathered, stands.action_type)
        then = then if found is None else found[0]
    return Compared(tell(stands.inputs), tell(then), _case(stands, stands.inputs), _case(stands, then))


def _policy(supposed: Supposed) -> tuple[object, ...]:
    return supposed.policy, supposed.policy_available, supposed.policy_grants


def _case(stands: Present, inputs: Inputs) -> Matter | None:
    """What the first who approves a case of this must reach; None where it would be no case."""
    decision, spec = decide(inputs), stands.spec
    if decision.outcome is not Outcome.ESCALATE:
        return None
    soft = any(given.code is Reason.POLICY_OVERRIDABLE for given in decision.reasons)
    first = min(stages_needed(spec, inputs.amount))
    return Matter(
        action_type=stands.type_id,
        risk=decision.risk,
        rank=max(rank_needed(spec, decision.risk), first, OVERRIDE_RANK if soft else first),
        is_money=spec.amount is not None,
        amount=inputs.amount,
    )


def standing(stands: Present) -> Supposed:
    """What stands, as it would be supposed."""
    given = stands.inputs
    ceilings = tuple(limiter.tier for limiter in given.limiters)
    return Supposed(
        amount=given.amount,
        quantity=given.quantity,
        level=given.level,
        ceilings=ceilings,
        signals=stands.signals,
        connector=given.connector_health,
        currency_known=given.currency_known,
        standing=given.standing,
        policy=given.policy,
        policy_available=given.policy_available,
        policy_grants=given.policy_grants,
        guardrail_used=given.guardrail_used,
        facts=_facts_of(given),
        novelty=given.novelty,
        error_rate=given.error_rate,
        confidence=given.confidence,
    )


def changed(stands: Present, supposed: Supposed) -> Inputs:
    """The inputs with everything that is supposed."""
    inputs = stands.inputs
    money = supposed.amount or 0
    usages = tuple(replace(use, amount=money) if use.cap.unit is Unit.MONEY else use for use in inputs.usages)
    limiters = (replace(each, tier=tier) for each, tier in zip(inputs.limiters, supposed.ceilings, strict=True))
    own = {Kind.NOVELTY: supposed.novelty, Kind.ERROR_RATE: supposed.error_rate}
    told = {kind: signal for kind, signal in own.items() if kind in inputs.required_evidence}
    after = replace(
        inputs,
        amount=supposed.amount,
        amount_known=inputs.amount_known if supposed.amount is None else True,
        quantity=supposed.quantity,
        level=supposed.level,
        limiters=tuple(limiters),
        usages=usages,
        signals={**inputs.signals, **supposed.signals, **told},
        uncertain=supposed.signals.get(Kind.UNCERTAINTY, Signal.GREEN) is not Signal.GREEN,
        connector_health=supposed.connector,
        currency_known=supposed.currency_known,
        standing=supposed.standing,
        policy=supposed.policy,
        policy_available=supposed.policy_available,
        policy_grants=supposed.policy_grants,
        guardrail_used=supposed.guardrail_used,
        novelty=supposed.novelty,
        error_rate=supposed.error_rate,
        confidence=supposed.confidence,
    )
    if supposed.facts is not _facts_of(inputs):
        return _compared(after, supposed.facts, stands.facts)
    if after.signals.get(Kind.COMPLETENESS) is inputs.signals.get(Kind.COMPLETENESS):
        return after
    # the rule computes it as well, so that it is supposed by supposing what it is computed from
    return replace(after, bound=True, facts=after.facts or (), facts_first=True)


def _facts_of(inputs: Inputs) -> Facts:
    return Facts.UNREAD if inputs.facts is None else Facts.AGREE


def _compared(inputs: Inputs, supposed: Facts, names: tuple[str, ...]) -> Inputs:
    """The inputs as if every fact had been read before, and come out so; completeness follows from them."""
    result = _RESULTS.get(supposed)
    facts = None
    if result is not None:
        facts = tuple(FactSummary(name, result, required=True, claimed=True) for name in names or ("record",))
    signals = {**inputs.signals, Kind.COMPLETENESS: completeness(facts)}
    return replace(inputs, bound=inputs.bound or facts is not None, facts=facts, facts_first=True, signals=signals)


def _inputs(agent: UUID, entry: Entry) -> tuple[Inputs, Gathered]:
    """What an ordinary request of this agent would be decided from: at its threshold, for nobody in particular."""
    spec = entry.spec
    amount = None if spec.amount is None else spec.thresholds.amount
    uses = cap_uses(spec, values={}, subject="", amount=amount)
    gathered = gather(
        key=None,
        agent=agent,
        idempotency_key=None,
        action_type=spec.key,
        caps=uses,
        run=NO_RUN,
        guardrail=spec.guardrail,
    )
    if gathered is None:
        raise _unfit("agent", "There is no such agent any more.")
    wish = Wish(
        spec=spec,
        bound=entry.binding is not None,
        values={},
        subject="",
        amount=amount,
        facts=() if entry.reads_first else None,
    )
    limits = spec.thresholds
    inputs = replace(weigh(wish, gathered), quantity=limits.quantity, data_class=limits.data_class)
    # policy that moved just now stands as it will be asked next
    found = judged(inputs, gathered, spec.key)
    return (inputs if found is None else found[0]), gathered


def _unfit(name: str, sentence: str) -> Problem:
    return Problem(Code.INVALID, sentence, fields=((f"/{name}", sentence),))
