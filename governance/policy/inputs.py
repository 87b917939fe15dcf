"""Everything a decision is made from, gathered before: nothing here is read again while deciding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from governance.policy.ceilings import Limiter
from governance.policy.evidence import SCORE_THRESHOLD, Kind, Signal
from governance.policy.facts import FactSummary
from governance.policy.guardrails import Guardrail
from governance.policy.holds import Hold
from governance.policy.in_flight import Flight
from governance.policy.money import Pinned
from governance.policy.novelty import Novel
from governance.policy.rulings import RuleSaid
from governance.policy.tiers import ActionClass, Level, Risk, Tier
from governance.policy.velocity import Usage


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Over any of these the effective risk is high.

    `amount` is in minor units of the reference currency, `quantity` counts recipients, rows or files, `data_class` is
    the rank of the most sensitive class of data. None: the type has no such threshold.
    """

    amount: int | None = None
    quantity: int | None = None
    data_class: int | None = None


NO_THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of one decision.

    What is not known is passed as unknown (None, UNKNOWN, False), never left to a kinder default.

    action_class, base_risk, thresholds, human_required: from the action type.
    amount: minor units of the reference currency; amount_known, currency_known: whether it could be computed.
    elevate, agent_reason, uncertain, confidence: what the agent says of its own request.
    level: of the permission; None is no permission. ancestors_permitted: every agent above holds one too.
    above: name and level of every agent above. ticket_stands: the delegation it is asked under, if any, is in force.
    limiters: ceilings of enterprise, domain and project, of every ancestor and of the agent itself.
    halts, inactive: names of what is halted, or not active, above or at this action.
    standing, policy: tiers, None when unknown. standing_hold: what holds the standing down, if anything.
    policy_grants: a bundle covers the type and every mandatory rule that does answered COMMIT.
    policy_rules: what each rule of the covering bundles said.
    guardrail: of the type, None when it has none; guardrail_used: what this agent was granted of it in its window.
    signals, required_evidence: evidence by kind; completeness and velocity are also computed from facts and usages.
    tool, connector: what the action type needs and what it is verified through, by registry key. connector_health: of
    the connector, GREEN where none is needed; the health of the tool is a signal.
    facts: None when not read; facts_first: they were read for this decision; bound: a record binding exists.
    usages: every cap of the type against its budget. in_flight: its limits on what is under way at once.
    novelty, novel: a signal, and in what the action is new to its agent. rate: what the amount was counted at.
    contended: authority moved under several attempts to commit. waits: the same action waits for a person already.
    """

    action_class: ActionClass
    base_risk: Risk
    amount: int | None = None
    amount_known: bool
    currency_known: bool
    quantity: int | None = None
    data_class: int | None = None
    thresholds: Thresholds = NO_THRESHOLDS
    human_required: bool = False
    elevate: bool = False
    agent_reason: str | None = None
    level: Level | None
    ancestors_permitted: bool = True
    above: tuple[tuple[str, Level], ...] = ()
    ticket_stands: bool = True
    limiters: tuple[Limiter, ...]
    halts: tuple[str, ...]
    inactive: tuple[str, ...] = ()
    standing: Tier | None = Tier.COMMIT
    standing_hold: Hold | None = None
    policy: Tier | None = Tier.COMMIT
    policy_available: bool = True
    policy_grants: bool = False
    policy_rules: tuple[RuleSaid, ...] = ()
    guardrail: Guardrail | None = None
    guardrail_used: int = 0
    signals: Mapping[Kind, Signal]
    required_evidence: frozenset[Kind]
    tool: str = ""
    connector: str = ""
    connector_health: Signal = Signal.GREEN
    facts: tuple[FactSummary, ...] | None
    bound: bool
    facts_first: bool
    usages: tuple[Usage, ...]
    in_flight: tuple[Flight, ...] = ()
    rate: Pinned | None = None
    novelty: Signal = Signal.GREEN
    novel: tuple[Novel, ...] = ()
    error_rate: Signal = Signal.GREEN
    uncertain: bool = False
    confidence: Decimal | None = None
    confidence_threshold: Decimal | None = None
    score_threshold: Decimal = SCORE_THRESHOLD
    contended: bool = False
    waits: bool = False
