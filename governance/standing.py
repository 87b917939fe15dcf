"""What people do to the standing of an agent: pull it down at once, restore what was pulled, lower its level."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import COUNCIL, OPERATOR, By, actor_of, require, require_council
from governance.errors import begin_anew
from governance.guards import invalid, told
from governance.latches import AGENT, LEVEL, TYPE
from governance.models import ActionType, Agent, Permission, Standing
from governance.policy.standing import Why, on_lowered, raise_from
from governance.policy.tiers import Level, Tier
from governance.problems import Code, Problem
from governance.redden import keep, latch_of, level_constants

MAX_REASON = 200
PULLED = (Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE)


@told()
@transaction.atomic
def pull(agent: Agent, *, action_type: ActionType | None = None, tier: Tier, reason: str, by: By) -> Standing:
    """Hold the standing of an agent (for one action type, or for all) down to a tier until a person restores it.

    At once, like a halt: no decision that has not committed stands above it. The council, operators, or the agent's
    owner. Problems: FORBIDDEN, INVALID, WRONG_STATE (pulled that low already: raising it is restoring it).
    """
    actor = _may_pull(agent, by)
    if tier not in PULLED:
        raise invalid("/tier", "A standing is pulled to OBSERVE, PROPOSE or EXECUTE.")
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        raise invalid("/reason", f"A reason is a line of at most {MAX_REASON} characters.")
    now = locks.hold_authority()
    row = _row(agent, _name(action_type))
    if row.pulled_tier is not None and row.pulled_tier <= tier:
        raise Problem(Code.WRONG_STATE, f"It is pulled to {Tier(row.pulled_tier).name} already.")
    row.pulled_tier, row.pulled_by, row.pulled_at, row.pulled_reason = int(tier), actor, now, reason
    row.save()
    body = {**_body(row), "tier": int(tier), "reason": reason}
    record.append(event=record.Event.STANDING_PULLED, actor=actor, body=body)
    return row


@told()
@transaction.atomic
def restore(agent: Agent, *, action_type: ActionType | None = None, by: By) -> Standing:
    """Lift what a person pulled; what turned red meanwhile stays red. A widening: the council only.

    Problems: FORBIDDEN, WRONG_STATE (nothing is pulled).
    """
    actor = require_council(by)
    now = locks.hold_authority()
    row = _row(agent, _name(action_type))
    if row.pulled_tier is None:
        raise Problem(Code.WRONG_STATE, "Nobody has pulled this standing.")
    before, row.pulled_tier = row.pulled_tier, None
    row.restored_by, row.restored_at = actor, now
    row.save()
    record.append(
        event=record.Event.STANDING_RESTORED, actor=actor, body={**_body(row), "from": before, "widening": True}
    )
    return row


@told()
@transaction.atomic
def lower_level(permission: Permission, *, to: Level, by: By) -> Permission:
    """Lower a level by one rung because reviews found too many errors; it may be raised again after a cooldown.

    `to` is the level below the one the caller saw, so that what is sent twice, or by two people, lowers once.

    The wait is that of the action type, and doubles each time it happens. The council, or a detector of the system. In
    force for every decision that has not committed. Problems: FORBIDDEN, WRONG_STATE (gone, or not one above `to`).
    """
    actor = require_council(by)
    now = locks.hold_authority()
    held = Permission.objects.select_for_update(of=("self",)).select_related("action_type", "agent")
    stored = held.filter(pk=permission.pk).first()
    if stored is None:
        raise Problem(Code.WRONG_STATE, "There is no permission any more.")
    if stored.level != to + 1:
        told = f"{stored.agent} stands at L{stored.level} for {stored.action_type}. A level is lowered one at a time."
        raise Problem(Code.WRONG_STATE, told)
    constants = level_constants(stored.action_type_id)
    row = _row(stored.agent, f"{LEVEL}{stored.action_type_id}")
    keep(row, on_lowered(latch_of(row), now, constants), Why.ERRORS)
    stored.level = int(to)
    begin_anew(stored, now)
    stored.save(update_fields=["level", "counted_from"])
    body = {
        **_body(row),
        "permission": stored.pk,
        "action_type": stored.action_type.key,
        "to": stored.level,
        "strikes": row.strikes,
        # until the time of this entry nobody else turned a latch: the red in between is this one
        "began": now.isoformat(),
        "not_before": _when(raise_from(latch_of(row), constants)),
    }
    record.append(event=record.Event.LEVEL_LOWERED, actor=actor, body=body)
    return stored


def _may_pull(agent: Agent, by: By) -> str:
    if isinstance(by, User) and by.is_active and Agent.objects.filter(pk=agent.pk, owner=by).exists():
        return actor_of(by)
    return require(by, COUNCIL, OPERATOR)


def _name(action_type: ActionType | None) -> str:
    return AGENT if action_type is None else f"{TYPE}{action_type.pk}"


def _row(agent: Agent, latch: str) -> Standing:
    """The row of a latch, under the exclusive lock: nobody else writes one now."""
    return Standing.objects.filter(agent=agent, latch=latch).first() or Standing(agent=agent, latch=latch)


def _body(row: Standing) -> dict[str, object]:
    return {"standing": row.pk, "agent": str(row.agent_id), "latch": row.latch}


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
