"""Rows of a read-only query by column name, JSON already parsed. Statements are fixed text; values are parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

_JSONB = 3802

Row = Mapping[str, Any]


def fetch(statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> list[Row]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        columns = [(column.name, column.type_code == _JSONB) for column in cursor.description]
        return [
            {
                name: json.loads(value) if parsed and isinstance(value, str) else value
                for (name, parsed), value in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


def number(statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> int:
    """The one number that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: int = cursor.fetchone()[0]
    return found
