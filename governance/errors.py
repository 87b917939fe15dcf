"""Turns the latch of reviewed errors, in the transaction of the verb that measured them or lets evidence begin anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from governance import locks
from governance.latches import ERRORS, row_of, told
from governance.models import Permission, Standing
from governance.policy.standing import Why, on_green
from governance.redden import hold_standing, keep, latch_of, level_constants, turn_red


def keep_errors(agent: UUID, action_type: int, *, too_many: bool) -> list[dict[str, Any]]:
    """Turn the latch red, or green once they are no longer shown; what the caller's ledger entry says of it, if it did.

    It rises after green time alone, as any other, with the constants of the statistical latch. The caller holds the
    authority lock, shared or not, and appends the entry.
    """
    name = f"{ERRORS}{action_type}"
    if too_many:
        return turn_red(agent, name, Why.ERRORS, level_constants(action_type))
    hold_standing(agent)
    row = Standing.objects.filter(agent_id=agent, latch=name).first()
    if row is None or not row.in_episode:
        return []
    after = on_green(latch_of(row), locks.database_now())
    keep(row, after, None)
    return [told(row_of(name, after, None))]


def begin_anew(permission: Permission, now: datetime) -> None:
    """What was decided until now counts no more: a person lowered the level, or gave it for the first time.

    A red of errors ends with it, which lets nothing through: from now its wait passes. Under the exclusive authority
    lock; the caller saves the permission and appends the entry.
    """
    permission.counted_from = now
    keep_errors(permission.agent_id, permission.action_type_id, too_many=False)
