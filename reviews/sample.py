"""The verb that turns the stored lot of closed actions into draws."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from governance import locks, record
from governance.day_keys import ensure_day_key as ensure_day_key
from governance.policy.sampling import selected

BY = "system:sample"
BATCH = 1000

# Rows that another worker holds are skipped, so that any number of them share the work.
_TAKE = """
delete from reviews_drawable where action_id in (
  select action_id from reviews_drawable limit %s for update skip locked) returning action_id
"""

_CONSIDER = """
select d.action_id, d.cell, d.probability, k.secret
  from governance_decision d join governance_daykey k on k.day = d.day_key where d.action_id = any(%s)
"""

_DRAW = """
insert into reviews_draw (id, action_id, cell, probability, drawn_at)
  select u.id, u.action, d.cell, d.probability, %s
  from unnest(%s::uuid[], %s::uuid[]) as u(id, action) join governance_decision d on d.action_id = u.action
  on conflict (action_id) do nothing
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    action: UUID
    cell: str
    probability: Decimal
    secret: bytes


def draw_due(limit: int = 10_000) -> int:
    """Decide about up to `limit` closed actions whether they are drawn; how many were drawn.

    What is drawn follows from stored cell, probability and day key alone: whoever looks, in whatever
    order and how often, gets the same draws. A batch is one transaction and one entry.
    """
    drawn = 0
    for size in _batches(limit):
        considered, found = _draw_batch(size)
        drawn += found
        if considered < size:
            break
    return drawn


def selected_on(day: date) -> set[UUID]:
    """Which closed auto-executed actions of a day are drawn, computed anew from what is stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select d.action_id from governance_decision d join governance_execution e on e.action_id = d.action_id"
            " where d.day_key = %s and d.outcome = 'execute'",
            [day],
        )
        closed = [row[0] for row in cursor.fetchall()]
    return set(_selected(closed))


def _batches(limit: int) -> list[int]:
    whole, rest = divmod(limit, BATCH)
    return [BATCH] * whole + ([rest] if rest else [])


@transaction.atomic
def _draw_batch(size: int) -> tuple[int, int]:
    """One batch: how many were considered, how many drawn."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [size])
        actions = [row[0] for row in cursor.fetchall()]
        chosen = _selected(actions)
        if not chosen:
            return len(actions), 0
        ids = [uuid.uuid4() for _ in chosen]
        cursor.execute(_DRAW, [locks.database_now(), ids, chosen])
        drawn: int = cursor.rowcount
    body = {"considered": len(actions), "drawn": [str(action) for action in chosen]}
    record.append(event=record.Event.ACTIONS_DRAWN, actor=BY, body=body)
    return len(actions), drawn


def _selected(actions: Sequence[UUID]) -> list[UUID]:
    return [each.action for each in _candidates(actions) if _is_selected(each)]


def _candidates(actions: Sequence[UUID]) -> list[_Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(_CONSIDER, [list(actions)])
        return [_Candidate(action, cell, share, bytes(secret)) for action, cell, share, secret in cursor.fetchall()]


def _is_selected(each: _Candidate) -> bool:
    return selected(each.secret, each.cell, str(each.action), each.probability)
