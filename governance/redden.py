"""Turns a latch red outside a decision, in the transaction of the verb that saw why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from governance import locks
from governance.entries import readable
from governance.latches import row_of, told
from governance.models import Standing
from governance.policy.standing import HEALTH, STATISTICAL, UNTOUCHED, Constants, Latch, Why, on_red


def hold_standing(agent: UUID) -> None:
    """Let nobody else write a standing of this agent until this transaction ends; after `share_authority`."""
    with connection.cursor() as cursor:
        cursor.execute("select placet_lock_standing(%s)", [agent])


def turn_red(agent: UUID, name: str, why: Why, constants: Constants) -> list[dict[str, Any]]:
    """Turn one latch of an agent red; what the caller's ledger entry says of it, empty while an episode is open.

    The caller holds the shared authority lock and appends the entry.
    """
    hold_standing(agent)
    row = Standing.objects.filter(agent_id=agent, latch=name).first()
    before = UNTOUCHED if row is None else latch_of(row)
    after = on_red(before, locks.database_now(), constants)
    if after == before:
        return []
    keep(row or Standing(agent_id=agent, latch=name), after, why)
    return [told(row_of(name, after, why))]


def latch_of(row: Standing) -> Latch:
    """The latch that a row stores."""
    return Latch(row.strikes, row.in_episode, row.red_at, row.green_since)


def keep(row: Standing, latch: Latch, why: Why | None) -> None:
    """Store a latch in its row, under the lock of its agent; `why` None keeps the word of the last red."""
    row.strikes, row.in_episode = latch.strikes, latch.in_episode
    row.red_at, row.green_since = latch.red_at, latch.green_since
    row.why = row.why if why is None else why.value
    row.save()


def level_constants(action_type: int) -> Constants:
    """The statistical constants of an action type; the usual ones where its document cannot be read."""
    entry = readable(action_type)
    return STATISTICAL if entry is None else entry.spec.standing.statistical


def health_constants(action_type: int) -> Constants:
    """The constants of what is seen in the actions of a type; the usual ones where its document cannot be read."""
    entry = readable(action_type)
    return HEALTH if entry is None else entry.spec.standing.health
