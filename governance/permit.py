from __future__ import annotations

from datetime import datetime

from django.db import transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.errors import begin_anew
from governance.guards import invalid, told
from governance.latches import LEVEL
from governance.models import ActionType, Agent, Permission, Standing
from governance.policy.holds import spelled
from governance.policy.standing import on_raised, raise_from
from governance.policy.tiers import Level
from governance.problems import Code, Problem
from governance.redden import keep, latch_of, level_constants


@told()
@transaction.atomic
def set_level(agent: Agent, action_type: ActionType, *, level: Level, by: By) -> Permission:
    """Give an agent this level for this action type, whether it held one or none.

    Above what it held, or above L0 for a first permission, is ledgered as a widening; a lower level is
    in force for every decision that has not committed. A level that was lowered on reviewed errors is raised again
    after its cooldown only. Problems: FORBIDDEN, INVALID (no level, or a type of another domain), WRONG_STATE (with the
    time from which it may be raised, or the agent, or one above or below it, watches what the type needs).
    """
    actor = require_council(by)
    if level not in tuple(Level):
        raise invalid("/level", "A level is 0, 1, 2 or 3.")
    now = locks.hold_authority()
    held = Permission.objects.select_for_update().filter(agent=agent, action_type=action_type).first()
    before = None if held is None else held.level
    if held is not None and before == level:
        return held
    if before is None or level > before:
        _require_same_domain(agent, action_type)
    if level > (before or 0):
        _end_cooldown(agent, action_type, now)
    permission = held or Permission(agent=agent, action_type=action_type)
    permission.level = int(level)
    if before is None or level < before:
        begin_anew(permission, now)
    permission.save()
    body = {
        "permission": permission.pk,
        "agent": str(agent.pk),
        "action_type": action_type.key,
        "from": before,
        "to": int(level),
        "widening": level > (before or 0),
    }
    record.append(event=record.Event.PERMISSION_SET, actor=actor, body=body)
    return permission


def _require_same_domain(agent: Agent, action_type: ActionType) -> None:
    """A decision counts no permission for a type of another domain: one would be given and never hold."""
    domain = ActionType.objects.select_related("domain").get(pk=action_type.pk).domain
    if domain is not None and domain.pk != Agent.objects.select_related("project").get(pk=agent.pk).project.parent_id:
        raise invalid("/action_type", f"This type belongs to domain {domain.key}, and the agent to another.")


def _end_cooldown(agent: Agent, action_type: ActionType, now: datetime) -> None:
    """Note at the latch of the level that a person raised it again. Problem WRONG_STATE before its time."""
    row = Standing.objects.filter(agent=agent, latch=f"{LEVEL}{action_type.pk}").first()
    start = None if row is None else raise_from(latch_of(row), level_constants(action_type.pk))
    if row is None or start is None:
        return
    if now < start:
        raise Problem(
            Code.WRONG_STATE, f"Reviews lowered this level: it may be raised from {spelled(start)}, not before."
        )
    keep(row, on_raised(latch_of(row), now), None)


@transaction.atomic
def revoke(permission: Permission, *, by: By) -> None:
    """Take a permission away: the agent may not even propose. Problems: FORBIDDEN, WRONG_STATE (gone)."""
    actor = require_council(by)
    locks.hold_authority()
    held = (
        Permission.objects.select_for_update(of=("self",))
        .select_related("action_type")
        .filter(pk=permission.pk)
        .first()
    )
    if held is None:
        raise Problem(Code.WRONG_STATE, "This permission is gone already.")
    body = {
        "permission": held.pk,
        "agent": str(held.agent_id),
        "action_type": held.action_type.key,
        "from": held.level,
    }
    held.delete()
    record.append(event=record.Event.PERMISSION_REVOKED, actor=actor, body=body)
