"""What policy holds back from people too: a hard rule under PROPOSE from everybody, a soft one from all but rank 3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from governance.covering import standing
from governance.cursors import kept
from governance.locks import database_now
from governance.models import Action, Instance
from governance.policy.ladder import binds, rule_given
from governance.policy.memory import recalled
from governance.policy.reasons import Reason
from governance.policy.rulings import Enforcement, RuleSaid
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from governance.rule_on import rule_on

OVERRIDE_RANK = 3

_DOMAINS = """
select coalesce(d.key, '') from placet_people(%s) people
  join governance_agent ag on ag.id = people.id join governance_scope p on p.id = ag.project_id
  left join governance_scope d on d.id = p.parent_id
  order by people.nearest
"""


@dataclass(frozen=True, slots=True)
class Withheld:
    """What rules under PROPOSE say against an action.

    `forbidden`: that of a hard one now, in one sentence; empty when none does. `overrides`: to approve is to override
    a soft one, of the decision or of now; `rules` are these by their labels. `since`: what those say, in a sentence
    each, that the decision does not know of.
    """

    forbidden: str = ""
    overrides: bool = False
    rules: tuple[str, ...] = ()
    since: tuple[str, ...] = ()


def overridable(action: Action) -> bool:
    """Whether a soft rule held this action back when it was decided: to approve it is to override the rule."""
    return any(reason["code"] == Reason.POLICY_OVERRIDABLE for reason in action.decision.reasons)


def withheld(action: Action, *, revision: int | None = None, now: datetime | None = None) -> Withheld:
    """What rules say against this action as they were at its decision, and as they stand now.

    Asked of what the decision stored, at this policy `revision` where it was read already. A rule that cannot be
    evaluated holds nothing back: a person decides.
    """
    if revision is None:
        revision = Instance.objects.values_list("policy_revision", flat=True).get()
    governs = standing(revision)
    held_before = overridable(action)
    if not governs.versions and not held_before:
        return Withheld()
    try:
        inputs = recalled(action.decision.inputs)
    except ValueError:
        return Withheld(overrides=held_before)
    domain, *above = _domains(action)
    found = rule_on(
        governs,
        inputs,
        action_type=action.action_type.key,
        domain=domain,
        above=above,
        now=now or database_now(),
    )
    required, said = Tier(action.decision.required_tier), found.ruling.rules
    before, soft = {rule.label for rule in _soft(inputs.policy_rules, required)}, [*_soft(said, required)]
    hard = next((rule for rule in said if rule.enforcement is Enforcement.HARD and rule.withheld), None)
    return Withheld(
        forbidden="" if hard is None else f"Policy {hard.label}, forbids it: {hard.why}",
        overrides=held_before or bool(soft),
        rules=tuple(sorted(before.union(rule.label for rule in soft))),
        since=tuple(rule_given(rule).sentence for rule in soft if rule.label not in before),
    )


def _soft(rules: tuple[RuleSaid, ...], required: Tier) -> Iterator[RuleSaid]:
    """The rules that only the highest rank overrides."""
    return (rule for rule in rules if binds(rule, required) and rule_given(rule).code is Reason.POLICY_OVERRIDABLE)


def _domains(action: Action) -> list[str]:
    """The domain of the agent, and those of everybody it acts for."""
    with kept() as cursor:
        cursor.execute(_DOMAINS, [action.pk])
        return [row[0] for row in cursor.fetchall()]


def require_allowed(held: Withheld, *, override: str, known: frozenset[str]) -> None:
    """Problems: NOT_APPROVABLE (a hard rule forbids it), INVALID (a soft one is overridden without a reason)."""
    if held.forbidden:
        raise Problem(Code.NOT_APPROVABLE, held.forbidden)
    if held.overrides and override not in known:
        raise Problem(
            Code.INVALID, "Say why the rule is overridden.", fields=(("/override", "One of the listed reasons."),)
        )
