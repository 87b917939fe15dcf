"""READ what the rule would answer if something stood otherwise: the same pure function, and nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from governance.entries import Entry, lookup
from governance.gather import gather
from governance.models import ActionType, Agent, AgentKey
from governance.policy.decision import Inputs
from governance.policy.evidence import Kind, Signal
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import Unit
from governance.problems import Code, Problem
from governance.weigh import Wish, cap_uses, weigh
from reviews.explained import Told, tell

# A run that no agent uses, so that only what is authorised above runs counts.
NO_RUN = "?"


@dataclass(frozen=True, slots=True)
class Present:
    """An agent and an action type as they stand now. Facts that would be read first are taken to agree."""

    agent: UUID
    agent_name: str
    action_type: str
    inputs: Inputs
    has_amount: bool
    has_quantity: bool

    @property
    def signals(self) -> Mapping[Kind, Signal]:
        """The signals that this action type requires."""
        required = self.inputs.required_evidence
        return {kind: self.inputs.signals.get(kind, Signal.UNKNOWN) for kind in Kind if kind in required}

    @property
    def has_connector(self) -> bool:
        """Whether the health of a connector is judged beside that of the tool."""
        return self.inputs.connector != "" and Kind.TOOL_HEALTH in self.inputs.required_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What is supposed to stand otherwise; `ceilings` in the order of the limiters. None: no permission, no amount."""

    amount: int | None
    quantity: int | None
    level: Level | None
    ceilings: tuple[Tier | None, ...]
    signals: Mapping[Kind, Signal]
    connector: Signal


@dataclass(frozen=True, slots=True)
class Compared:
    """The explanation of what stands, and of what is supposed."""

    now: Told
    then: Told


def choices() -> tuple[list[tuple[UUID, str]], list[str]]:
    """The agents that can ask, by name, and the action types by key."""
    keyed = AgentKey.objects.filter(_live()).values("agent_id")
    agents = Agent.objects.filter(id__in=keyed).order_by("name").values_list("id", "name")[:500]
    return list(agents), list(ActionType.objects.order_by("key").values_list("key", flat=True)[:500])


def present(agent: UUID, action_type: str) -> Present:
    """What stands now, in one read. Problem INVALID, naming the field, for an agent or a type that cannot be asked."""
    entry = lookup(action_type)
    if entry is None:
        raise _unfit("type", "There is no such action type.")
    key = AgentKey.objects.select_related("agent").filter(_live(), agent_id=agent).first()
    if key is None:
        raise _unfit("agent", "There is no such agent with a key that lives: it could not ask for anything.")
    return Present(
        agent=key.agent_id,
        agent_name=key.agent.name,
        action_type=entry.spec.key,
        inputs=_inputs(bytes(key.digest), entry),
        has_amount=entry.spec.amount is not None,
        has_quantity=entry.spec.quantity_of is not None,
    )


def compare(stands: Present, supposed: Supposed) -> Compared:
    """Both explanations."""
    return Compared(tell(stands.inputs), tell(changed(stands.inputs, supposed)))


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
    )


def changed(inputs: Inputs, supposed: Supposed) -> Inputs:
    """The inputs with everything that is supposed."""
    money = supposed.amount or 0
    usages = tuple(replace(use, amount=money) if use.cap.unit is Unit.MONEY else use for use in inputs.usages)
    limiters = (replace(each, tier=tier) for each, tier in zip(inputs.limiters, supposed.ceilings, strict=True))
    after = replace(
        inputs,
        amount=supposed.amount,
        amount_known=inputs.amount_known if supposed.amount is None else True,
        quantity=supposed.quantity,
        level=supposed.level,
        limiters=tuple(limiters),
        usages=usages,
        signals={**inputs.signals, **supposed.signals},
        connector_health=supposed.connector,
    )
    if after.signals.get(Kind.COMPLETENESS) is inputs.signals.get(Kind.COMPLETENESS):
        return after
    # the rule computes it as well, so that it is supposed by supposing what it is computed from
    return replace(after, bound=True, facts=after.facts or (), facts_first=True)


def _inputs(key: bytes, entry: Entry) -> Inputs:
    """What an ordinary request of this agent would be decided from: at its threshold, for nobody in particular."""
    spec = entry.spec
    amount = None if spec.amount is None else spec.thresholds.amount
    uses = cap_uses(spec, values={}, subject="", amount=amount)
    gathered = gather(key=key, idempotency_key=None, action_type=spec.key, caps=uses, run=NO_RUN)
    if gathered is None:
        raise _unfit("agent", "The key of this agent has just ended.")
    wish = Wish(
        spec=spec,
        bound=entry.binding is not None,
        values={},
        subject="",
        amount=amount,
        facts=() if entry.reads_first else None,
    )
    limits = spec.thresholds
    return replace(weigh(wish, gathered), quantity=limits.quantity, data_class=limits.data_class)


def _live() -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=Now()))


def _unfit(name: str, sentence: str) -> Problem:
    return Problem(Code.INVALID, sentence, fields=((f"/{name}", sentence),))
