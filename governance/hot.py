"""Statements of the decision path: bound and prepared on the server, past the ORM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


def call(statement: str, parameters: Sequence[Any]) -> Any:
    """Run a one-row, one-column statement in autocommit and return its value.

    Django binds parameters on the client, so every statement would be a new text to parse and plan;
    here the server keeps it prepared. Errors arrive as Django's.
    """
    connection.ensure_connection()
    raw: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]  # stubs know no psycopg 3 cursor
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with connection.wrap_database_errors, make(raw) as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return None if row is None else row[0]
