"""What policy holds back from people too: a hard rule under PROPOSE from everybody, a soft one from all but rank 3."""

from __future__ import annotations

from datetime import datetime

from governance.covering import standing
from governance.cursors import kept
from governance.locks import database_now
from governance.models import Action, Instance
from governance.policy.memory import recalled
from governance.policy.reasons import Reason
from governance.policy.rulings import Enforcement
from governance.problems import Code, Problem
from governance.rule_on import rule_on

OVERRIDE_RANK = 3

_DOMAINS = """
select coalesce(d.key, '') from placet_people(%s) people
  join governance_agent ag on ag.id = people.id join governance_scope p on p.id = ag.project_id
  left join governance_scope d on d.id = p.parent_id
  order by people.nearest
"""


def overridable(action: Action) -> bool:
    """Whether a soft rule held this action back when it was decided: to approve it is to override the rule."""
    return any(reason["code"] == Reason.POLICY_OVERRIDABLE for reason in action.decision.reasons)


def withheld(action: Action, *, revision: int | None = None, now: datetime | None = None) -> str:
    """What a hard rule says against this action now, in one sentence; empty when none does.

    Asked of what the decision stored, at this policy `revision` where it was read already. A rule that cannot be
    evaluated holds nothing back: a person decides.
    """
    if revision is None:
        revision = Instance.objects.values_list("policy_revision", flat=True).get()
    governs = standing(revision)
    if not governs.versions:
        return ""
    try:
        inputs = recalled(action.decision.inputs)
    except ValueError:
        return ""
    domain, *above = _domains(action)
    found = rule_on(
        governs,
        inputs,
        action_type=action.action_type.key,
        domain=domain,
        above=above,
        now=now or database_now(),
    )
    hard = [rule for rule in found.ruling.rules if rule.enforcement is Enforcement.HARD and rule.withheld]
    return f"Policy {hard[0].label}, forbids it: {hard[0].why}" if hard else ""


def _domains(action: Action) -> list[str]:
    """The domain of the agent, and those of everybody it acts for."""
    with kept() as cursor:
        cursor.execute(_DOMAINS, [action.pk])
        return [row[0] for row in cursor.fetchall()]


def require_allowed(action: Action, *, override: str, known: frozenset[str], revision: int, now: datetime) -> None:
    """Problems: NOT_APPROVABLE (a hard rule forbids it), INVALID (a soft one is overridden without a reason)."""
    why = withheld(action, revision=revision, now=now)
    if why:
        raise Problem(Code.NOT_APPROVABLE, why)
    if overridable(action) and override not in known:
        raise Problem(
            Code.INVALID, "Say why the rule is overridden.", fields=(("/override", "One of the listed reasons."),)
        )
