"""READ a decision again from what it stored: whether it is the same, and its explanation for pages and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from governance.policy.decision import Decision, Inputs, Outcome
from governance.policy.evidence import Kind, Signal
from governance.policy.explain import Explanation, Step, explain
from governance.policy.facts import FactSummary, Result
from governance.policy.memory import recalled
from governance.policy.tiers import Tier
from reviews.compared import NOT_CLAIMED, labelled, mark_of
from reviews.exposure import Bar, bars
from reviews.policy_said import RuleTold, left_to_people, rules_told
from reviews.shown import label

NO_LABELS: Mapping[str, str] = {}


class Again(StrEnum):
    """What came of deciding again from what was stored."""

    SAME = "same"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of evidence that the action type requires, with its signal as a word."""

    label: str
    signal: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact by its label, and what its comparison found."""

    label: str
    result: str
    required: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One explained decision. `changes` are all needed; `barred` says why nothing leads to execute.

    `by_person`: what a person can do about it, where one is asked.
    `policy`: what each covering rule said, whether it counts or not. `unread`: a policy could not even be asked.
    """

    outcome: str
    effective: Tier
    required: Tier
    risk: str
    bound_by: str
    steps: tuple[Step, ...]
    because: tuple[str, ...]
    changes: tuple[str, ...]
    barred: tuple[str, ...]
    by_person: str
    reasons: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]
    score: Decimal
    facts: tuple[Compared, ...]
    bars: tuple[Bar, ...]
    rate: str
    policy: tuple[RuleTold, ...]
    unread: bool

    @property
    def executes(self) -> bool:
        """Whether it executes as it is."""
        return self.outcome == Outcome.EXECUTE


def tell(inputs: Inputs, labels: Mapping[str, str] = NO_LABELS) -> Told:
    """The explanation of these inputs; `labels` are what the council calls the facts."""
    return _told(inputs, explain(inputs), labels)


def again(stored: Mapping[str, Any], labels: Mapping[str, str] = NO_LABELS) -> tuple[Again, Told | None]:
    """Decide a stored decision again; `stored` has the columns of its row."""
    try:
        inputs = recalled(stored["inputs"])
    except ValueError:
        return Again.UNREADABLE, None
    found = explain(inputs)
    same = _answer(found.decision) == _stored(stored)
    return (Again.SAME if same else Again.OTHER), _told(inputs, found, labels)


def document(stored: Mapping[str, Any]) -> dict[str, Any] | None:
    """The explanation as the API tells it; None where deciding again does not give the same answer."""
    found, told = again(stored)
    if told is None or found is not Again.SAME:
        return None
    return {
        "required": told.required.name,
        "effective": told.effective.name,
        "ladder": [
            {"name": step.name, "tier": step.tier.name, "bound": step.bound, "enough": step.enough}
            for step in told.steps
        ],
        "reachable": not told.barred,
        "to_execute": list(told.changes),
        "policy": [_rule(rule) for rule in told.policy],
    }


def _rule(rule: RuleTold) -> dict[str, Any]:
    return {
        "bundle": rule.bundle,
        "version": rule.version,
        "rule": rule.rule,
        "enforcement": rule.enforcement,
        "counts": rule.counts,
        "tier": None if rule.tier is None else rule.tier.name,
        "sentences": list(rule.sentences),
    }


def _told(inputs: Inputs, found: Explanation, labels: Mapping[str, str]) -> Told:
    decision = found.decision
    return Told(
        outcome=decision.outcome.value,
        effective=decision.effective,
        required=decision.required,
        risk=decision.risk.name.lower(),
        bound_by=decision.bound_by,
        steps=found.steps,
        because=found.required_because,
        changes=tuple(_named(change.sentence, labels) for change in found.changes),
        barred=found.barred,
        by_person=_by_person(inputs, decision) if decision.outcome is Outcome.ESCALATE else "",
        reasons=tuple((_named(given.sentence, labels), given.help) for given in decision.reasons),
        evidence=_evidence(inputs),
        score=decision.score.quantize(Decimal("0.01")),
        facts=tuple(_compared(fact, labels) for fact in inputs.facts or ()),
        bars=bars(inputs.usages),
        rate="" if inputs.rate is None else str(inputs.rate),
        policy=rules_told(inputs.policy_rules),
        unread=not inputs.policy_available and all(rule.sound for rule in inputs.policy_rules if rule.mandatory),
    )


def _by_person(inputs: Inputs, decision: Decision) -> str:
    if inputs.agent_reason == "out_of_scope":
        return "A person takes note of it; nothing is granted."
    if inputs.waits:
        return "A person decides the open case: an approval there is for the action that came first."
    if not inputs.bound:
        return "Nobody can approve it: no record is bound to this action type."
    if any(usage.breached and usage.cap.hard for usage in inputs.usages):
        return "Nobody can approve it meanwhile: no approval passes a hard cap."
    ruled = left_to_people(given.code.value for given in decision.reasons)
    return ruled or "Or a person approves this one action."


def _answer(decision: Decision) -> tuple[Any, ...]:
    """What must be the same: words, and their order, may have been put better since."""
    ladder = [[rung.name, int(rung.tier), rung.bound] for rung in decision.ladder]
    codes = [given.code.value for given in decision.reasons]
    tiers = (int(decision.effective), int(decision.required), int(decision.risk))
    return decision.outcome.value, tiers, ladder, sorted(codes)


def _stored(row: Mapping[str, Any]) -> tuple[Any, ...]:
    tiers = (row["effective_tier"], row["required_tier"], row["effective_risk"])
    return row["outcome"], tiers, row["ladder"], sorted(reason["code"] for reason in row["reasons"])


def _named(sentence: str, labels: Mapping[str, str]) -> str:
    """A sentence about a fact, with what the council calls that fact."""
    for name, called in labels.items():
        about = f"The fact {name}"
        if sentence.startswith(f"{about} must "):
            return f"The fact {called}{sentence.removeprefix(about)}"
    return labelled(sentence, labels)


def _evidence(inputs: Inputs) -> tuple[Evidence, ...]:
    required = [kind for kind in Kind if kind in inputs.required_evidence]
    found = [Evidence(label(kind.value), inputs.signals.get(kind, Signal.UNKNOWN).value) for kind in required]
    if inputs.connector and Kind.TOOL_HEALTH in required:
        found.append(Evidence("Connector health", inputs.connector_health.value))
    return tuple(found)


def _compared(fact: FactSummary, labels: Mapping[str, str]) -> Compared:
    spared = fact.result is Result.UNVERIFIABLE and not fact.claimed and not fact.required
    result = NOT_CLAIMED if spared else fact.result.value
    mark = mark_of(result, claimed=fact.claimed, less=fact.less)
    return Compared(labels.get(fact.name, label(fact.name)), mark, fact.required)


def stored_steps(row: Mapping[str, Any]) -> tuple[Step, ...]:
    """The ladder as it was stored, for a decision that cannot be made again."""
    required = Tier(row["required_tier"])
    return tuple(Step(name, Tier(tier), bound, tier >= required) for name, tier, bound in row["ladder"])
