"""The cursor of what is asked all day: the server plans a text that it knows once, not each time."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def kept() -> Any:
    """A cursor on this thread's connection whose values travel beside the statement, not written into it.

    Of a text that comes again and again, which Django's own cursor makes another text each time, the driver keeps the
    plan in the session. It counts them itself (PLACET_PREPARE; off behind a pooler that does not keep track). The text
    must be fixed: one that is put together for what it asks is planned for that, by Django's cursor.
    """
    # looked up once: each look through Django's proxy costs as much as a value
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.queries_logged:
        return database.cursor()  # the log tells a statement with its values in it
    database.ensure_connection()
    return database.make_cursor(psycopg.Cursor(database.connection))
