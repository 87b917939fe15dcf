"""What was spent counts on, in whatever windows, families and entities the caps of an action type are edited to.

What is under way counts under whatever limits it is edited to.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.db import connection

from governance.policy.action_types import ActionTypeSpec
from governance.policy.velocity import Unit


def carry(action_type_id: int, before: ActionTypeSpec | None, after: ActionTypeSpec) -> int:
    """Fill the budgets of an edited type with what was authorised within their windows; how many entries that took.

    In the transaction that saved the type, under the exclusive authority lock. `before` None: it is new, or could not
    be read. What is carried rounds against the agent, and nothing is carried twice. A type that moves to another
    family takes its own spending, the latches and its open cases along, and leaves them in the old one too.
    """
    moved, names = before is not None and before.family != after.family, json.dumps(_names(after))
    with connection.cursor() as cursor:
        if before is not None and moved:
            cursor.execute("select placet_move_family(%s, %s, %s)", [action_type_id, before.family, after.family])
        limits = [key for key, limit in asdict(after.in_flight).items() if limit is not None]
        if limits and (before is None or (before.in_flight, _place(before)) != (after.in_flight, _place(after))):
            cursor.execute("select placet_carry_flights(%s, %s, %s)", [action_type_id, limits, names])
        caps = _new(before, after)
        if not caps:
            return 0
        cursor.execute("select placet_carry(%s, %s, %s)", [action_type_id, json.dumps(caps), names])
        carried: int = cursor.fetchone()[0]
    return carried


def _new(before: ActionTypeSpec | None, after: ActionTypeSpec) -> list[dict[str, Any]]:
    """The caps whose rows may not hold everything that was spent."""
    known = () if before is None or _place(before) != _place(after) else _caps(before)
    seen = {_row(each) for each in known}
    return [each for each in _caps(after) if _row(each) not in seen]


def _caps(spec: ActionTypeSpec) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"key": cap.key.value, "unit": cap.unit.value, "window": cap.window_seconds, "limit": cap.limit}
        for cap in spec.caps
    ]
    rail = spec.guardrail
    if rail is not None:
        found.append({"key": "guardrail", "unit": Unit.COUNT.value, "window": rail.window_seconds, "limit": rail.count})
    return found


def _row(cap: dict[str, Any]) -> tuple[Any, ...]:
    return cap["key"], cap["unit"], cap["window"]


def _place(spec: ActionTypeSpec) -> tuple[str, list[list[str]]]:
    """What the keys of its budgets are spelled with."""
    return spec.family, sorted(_names(spec))


def _names(spec: ActionTypeSpec) -> list[list[str]]:
    """The entities of the type, each with the type of its field, which says how it is spelled."""
    fields = spec.contract.fields
    return [[name, fields[name].type if name in fields else ""] for name in spec.entities]
