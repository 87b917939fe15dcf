"""Keeps what reviews show of the errors of an agent, in the transaction of the verb that measured it or begins anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from governance import locks
from governance.latches import ERRORS, row_of, told
from governance.models import Permission, Standing
from governance.policy.evidence import Signal
from governance.policy.standing import UNTOUCHED, Why, on_measured
from governance.redden import hold_standing, keep, latch_of, level_constants


def keep_errors(agent: UUID, action_type: int, signal: Signal) -> list[dict[str, Any]]:
    """Keep the measured signal of an agent for an action type; what the caller's ledger entry says, empty if unchanged.

    No decision that commits later stands on the signal before. The caller holds the authority lock, shared or not, and
    appends the entry.
    """
    hold_standing(agent)
    name = f"{ERRORS}{action_type}"
    row = Standing.objects.filter(agent_id=agent, latch=name).first()
    before = UNTOUCHED if row is None else latch_of(row)
    after = on_measured(before, signal, locks.database_now(), level_constants(action_type))
    if after == before:
        return []
    why = Why.ERRORS if signal is Signal.RED else None
    keep(row or Standing(agent_id=agent, latch=name), after, why)
    return [told(row_of(name, after, why))]


def begin_anew(permission: Permission, now: datetime) -> None:
    """What was decided until now counts no more: a person lowered the level, or gave it for the first time.

    Under the exclusive authority lock; the caller saves the permission and appends the entry.
    """
    permission.counted_from = now
    keep_errors(permission.agent_id, permission.action_type_id, Signal.UNKNOWN)
