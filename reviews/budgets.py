"""What a person's approval takes from the budgets of the machine, and gives back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from governance.cursors import kept
from governance.gather import CapUse
from governance.models import Action
from governance.policy.action_types import ActionTypeSpec
from governance.policy.velocity import Unit, any_window
from governance.problems import Code, Problem
from governance.weigh import cap_uses

OVER, WAITED = "PL001", "PL004"


def typed(action: Action) -> dict[str, Any]:
    """The typed parameters of an action, without the lengths that stand for its sealed text."""
    return {name: value for name, value in action.parameters.items() if not _is_sealed(value)}


def reserve(action: Action, spec: ActionTypeSpec, *, subject: str, amount: int | None) -> list[dict[str, Any]]:
    """Reserve an approved action in the rings of every cap; every cap with the row, `budget`, that it counts in.

    A person may pass an autonomy cap. Problem NOT_APPROVABLE when a hard cap would be passed. An amount that nobody
    knows fills every cap on money, so that the machine adds nothing to it, and might pass a hard one.
    """
    uses = cap_uses(spec, values=typed(action), subject=subject, amount=amount)
    if amount is None:
        if any(use.cap.hard and use.cap.unit is Unit.MONEY for use in uses):
            raise Problem(Code.NOT_APPROVABLE, "The amount is not known, so it might pass a hard cap.")
        uses = [replace(use, amount=use.cap.limit) if use.cap.unit is Unit.MONEY else use for use in uses]
    caps = _rows(action, uses)
    if not caps:
        return []
    budgets = _budgets(caps)
    try:
        with kept() as cursor:
            rows = [{**budget, "action": str(action.pk)} for budget in budgets]
            cursor.execute("select placet_reserve(%s::jsonb)", [json.dumps(rows)])
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state == WAITED:
            raise Problem(Code.UNAVAILABLE, "The budgets of this action are contended; nothing happened.") from error
        if state != OVER:
            raise
        raise Problem(Code.NOT_APPROVABLE, "It would pass a hard cap, which no approval passes.") from error
    return caps


def frees_at(action: Action, spec: ActionTypeSpec, *, subject: str, amount: int | None) -> dict[str, datetime]:
    """When each budget row of an action would take it, as the rows stand now."""
    caps = _rows(action, cap_uses(spec, values=typed(action), subject=subject, amount=amount))
    return free_again(caps) if caps else {}


def cap_frees_at(cap_key: str, frees: Mapping[str, datetime]) -> datetime | None:
    """When the cap of a case frees: the last of its windows. None when no row of it was asked about."""
    return max((moment for key, moment in frees.items() if any_window(key) == cap_key), default=None)


def release(action_id: UUID) -> bool:
    """Give back what an action holds that verifiably did not happen; whether there was anything."""
    with kept() as cursor:
        cursor.execute("select placet_release(%s)", [action_id])
        released: bool = cursor.fetchone()[0]
    return released


def _rows(action: Action, uses: Sequence[CapUse]) -> list[dict[str, Any]]:
    """Every cap of the action with the row it counts in."""
    if not uses:
        return []
    asked = [
        {
            "key": use.cap.key.value,
            "unit": use.cap.unit.value,
            "window": use.cap.window_seconds,
            "name": use.name,
            "value": use.value,
            "amount": use.amount,
            "limit": use.cap.limit,
            "hard": use.cap.hard,
        }
        for use in uses
    ]
    with kept() as cursor:
        cursor.execute("select placet_budgets_of(%s, %s::jsonb)", [action.pk, json.dumps(asked)])
        rows: list[dict[str, Any]] = json.loads(cursor.fetchone()[0])
    return rows


def _budgets(caps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What to reserve: several caps on one row reserve once, under the lowest hard limit if there is one."""
    rows: dict[str, dict[str, Any]] = {}
    for cap in caps:
        row = rows.setdefault(
            cap["budget"], {"key": cap["budget"], "width": cap["width"], "amount": cap["amount"], "cap": None}
        )
        if cap["hard"]:
            row["cap"] = cap["limit"] if row["cap"] is None else min(row["cap"], cap["limit"])
    return list(rows.values())


def free_again(caps: Sequence[dict[str, Any]]) -> dict[str, datetime]:
    """When each row would take this action again under its lowest limit."""
    room: dict[str, int] = {}
    for cap in caps:
        left = cap["limit"] - cap["amount"]
        room[cap["budget"]] = min(room.get(cap["budget"], left), left)
    with kept() as cursor:
        cursor.execute(
            "select key, placet_ring_frees_at(head, slots, width_ms, greatest(head,"
            " floor(extract(epoch from clock_timestamp()) * 1000 / width_ms)::bigint), (%s::jsonb->>key)::bigint)"
            " from governance_budget where key = any(%s)",
            [json.dumps(room), list(room)],
        )
        return dict(cursor.fetchall())


def _is_sealed(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"sealed"}
