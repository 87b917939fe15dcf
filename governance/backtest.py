"""What a bundle would have made of decisions that were recorded: decided again from what each of them stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from governance.bundle_files import Checked, program
from governance.covering import Loaded
from governance.engines import chosen
from governance.locks import database_now
from governance.models import Agent, Decision
from governance.policy.decision import Inputs, Outcome, decide
from governance.policy.memory import recalled
from governance.policy.policy_input import policy_input
from governance.policy.rulings import RuleSaid, rule_together
from governance.rule_on import ruled, said_by

MOST_DECISIONS = 5000
MOST_EXAMPLES = 5
# A bundle that stopped its engine so often is looked at no further.
MOST_STOPPED = 5
# For each decision. More than a decision itself waits: here it is asked what a rule says, not how fast.
SECONDS = 0.5
# Looked back so far for as many as are asked for, then further: what is old is found by its time, not by its order.
_BACK = (timedelta(minutes=10), timedelta(hours=3), timedelta(days=2), timedelta(days=30), timedelta(days=3650))
_TYPE = "action__action_type__key"
_FREEDOM = {Outcome.REFUSE.value: 0, Outcome.ESCALATE.value: 1, Outcome.EXECUTE.value: 2}


@dataclass(slots=True)
class Backtest:
    """Of `looked_at` decisions: how many stay, get looser, get stricter, and how many cannot be replayed and why.

    `examples` are ids of actions by "looser" and "stricter".
    """

    looked_at: int = 0
    same: int = 0
    looser: int = 0
    stricter: int = 0
    not_replayable: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: {"looser": [], "stricter": []})

    @property
    def left(self) -> list[tuple[str, int]]:
        """Why some cannot be replayed, each with how many."""
        return sorted(self.not_replayable.items())

    def summary(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "looked_at": self.looked_at,
            "same": self.same,
            "looser": self.looser,
            "stricter": self.stricter,
            "not_replayable": dict(sorted(self.not_replayable.items())),
            "examples": self.examples,
        }


def backtest(found: Checked, *, last: int) -> Backtest:
    """Decide the last recorded decisions again with this bundle in place of every version of its name.

    What the other bundles said is taken as it was stored. Nothing is guessed: what cannot be made again from what it
    stored, or what the bundle gives no sound answer to, is counted by its reason.
    """
    version = Loaded(0, found.spec.name, found.spec.version, False, False, found.spec, _program(found))
    chosen.replayer().prepare([_program(found)], seconds=5)
    test = Backtest()
    for row in _decisions(min(last, MOST_DECISIONS)):
        test.looked_at += 1
        outcome = _again(version, row)
        _count(test, str(row["action_id"]), row["outcome"], outcome)
        if sum(test.not_replayable[why] for why in ("policy_slow", "policy_crashed")) >= MOST_STOPPED:
            break
    return test


def _program(found: Checked) -> Any:
    return program(found.files, found.spec, found.digest)


def recorded() -> Any:
    """The recorded decisions, newest first, with what is needed to ask a bundle about one again."""
    return Decision.objects.order_by("-decided_at").values(
        "action_id",
        "outcome",
        "inputs",
        "decided_at",
        _TYPE,
        "action__agent__project__parent__key",
        "action__chain",
    )


def document(version: Loaded, inputs: Inputs, row: Mapping[str, Any]) -> str | None:
    """What the version is asked about a recorded decision, as JSON; None where it does not govern it."""
    action_type, domains = row[_TYPE], _domains(row)
    if not version.covers(action_type, domains):
        return None
    return json.dumps(policy_input(inputs, action_type=action_type, domain=domains[0], now=row["decided_at"]))


def _decisions(last: int) -> Iterator[Mapping[str, Any]]:
    now, found = database_now(), []
    for back in _BACK:
        found = list(recorded().filter(action__created_at__gte=now - back)[:last])
        if len(found) == last:
            break
    yield from found


def _again(version: Loaded, row: Mapping[str, Any]) -> str:
    """The outcome with the bundle, or "!" and why it cannot be told."""
    try:
        inputs = recalled(row["inputs"])
    except ValueError:
        return "!inputs_unreadable"
    if decide(inputs).outcome.value != row["outcome"]:
        return "!rule_changed_since"
    return _with(version, inputs, row)


def _with(version: Loaded, inputs: Inputs, row: Mapping[str, Any]) -> str:
    if not inputs.policy_available and all(rule.sound for rule in inputs.policy_rules if rule.mandatory):
        return "!policy_not_loaded"  # some bundle could not be read then: which one is not stored
    rules = [rule for rule in inputs.policy_rules if rule.bundle != version.name]
    asked, said = document(version, inputs, row), list[RuleSaid]()
    if asked is None and len(rules) == len(inputs.policy_rules):
        return str(row["outcome"])
    if asked is not None:
        said = said_by(chosen.replayer(), version, asked, seconds=SECONDS)
        failed = next((rule.failure for rule in said if rule.mandatory and not rule.sound), "")
        if failed:
            return f"!policy_{failed}"
        rules += said
    ruling = rule_together(rules)
    outcome = decide(ruled(inputs, ruling)).outcome.value
    if ruling.grants and not _grants_alone(version, said, row):
        # whether another bundle governs whom this one does not is not stored with what that one said
        without = decide(ruled(inputs, replace(ruling, grants=False))).outcome.value
        return str(outcome) if without == outcome else "!granted_in_part"
    return str(outcome)


def _grants_alone(version: Loaded, said: Sequence[RuleSaid], row: Mapping[str, Any]) -> bool:
    """Whether nobody is granted what is another domain's, however others of the covering bundles govern them."""
    domains = set(_domains(row))
    counts = any(rule.mandatory for rule in said)
    return len(domains) == 1 or (counts and all(version.covers(row[_TYPE], (each,)) for each in domains))


def _domains(row: Mapping[str, Any]) -> list[str]:
    """Where its agent stands, and those for whom it was asked; most are asked for nobody."""
    domains = [row["action__agent__project__parent__key"] or ""]
    if not row["action__chain"]:
        return domains
    found = Agent.objects.filter(pk__in=row["action__chain"], project__parent__isnull=False)
    return [*domains, *found.values_list("project__parent__key", flat=True)]


def _count(test: Backtest, action: str, before: str, after: str) -> None:
    if after.startswith("!"):
        test.not_replayable[after[1:]] += 1
    elif after == before:
        test.same += 1
    else:
        way = "looser" if _FREEDOM[after] > _FREEDOM[before] else "stricter"
        setattr(test, way, getattr(test, way) + 1)
        if len(test.examples[way]) < MOST_EXAMPLES:
            test.examples[way].append(action)
