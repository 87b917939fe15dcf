"""The statements of the decision path: sent past cursor and ORM, outside a transaction prepared once per connection.

A cursor costs a decision more than its answer costs the server, so they go through libpq itself, by the
low-level interface that psycopg documents. Everything else in Placet uses cursors.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus

_GONE = "26000"  # the server knows no such prepared statement: a pooler or DISCARD ALL took it


class ServerError(OperationalError):
    """What the server said instead of an answer: nothing happened.

    `sqlstate` is empty when the connection broke: then nobody knows whether it happened.
    """

    def __init__(self, message: str, sqlstate: str, context: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.context = context


class Statement:
    """One statement of one row and one column. Its parameters travel as text, their types are the server's."""

    def __init__(self, name: str, sql: str) -> None:
        self.name = name.encode()
        self.sql = sql
        self._prepared: WeakSet[Any] = WeakSet()

    def __call__(self, parameters: Sequence[bytes | str | int | None]) -> str | None:
        """Run it on this thread's connection, in its transaction if there is one. Raises `ServerError`."""
        # looked up once: each look through Django's proxy costs as much as a value
        database: Any = connections[DEFAULT_DB_ALIAS]
        database.ensure_connection()
        begun = time.monotonic()
        try:
            return self._run(database, [_text(value) for value in parameters])
        finally:
            if database.queries_logged:
                database.queries_log.append({"sql": self.sql, "time": f"{time.monotonic() - begun:.3f}"})

    def _run(self, database: Any, values: list[bytes | None]) -> str | None:
        driver = database.connection
        try:
            if not driver.autocommit and driver.pgconn.transaction_status == TransactionStatus.IDLE:
                # a cursor would begin the transaction that Django promised
                _checked(driver.pgconn, driver.pgconn.exec_(b"BEGIN"))
            if driver.prepare_threshold is None or not driver.autocommit:
                # a pooler, or a driver that prepares and rolls back, makes the session forget what it knew: to learn
                # that inside a transaction would be the end of it
                result = driver.pgconn.exec_params(self.sql.encode(), values)
            else:
                result = self._prepared_run(driver, values)
            found = _checked(driver.pgconn, result).get_value(0, 0)
        except psycopg.Error as broken:
            database.errors_occurred = True
            raise ServerError(str(broken), "", "") from broken
        return None if found is None else str(found, "utf-8")

    def _prepared_run(self, driver: Any, values: list[bytes | None]) -> Any:
        if driver not in self._prepared:
            self._prepare(driver)
        result = driver.pgconn.exec_prepared(self.name, values)
        if _sqlstate(result) == _GONE:
            self._prepare(driver)
            result = driver.pgconn.exec_prepared(self.name, values)
        return result

    def _prepare(self, driver: Any) -> None:
        _checked(driver.pgconn, driver.pgconn.prepare(self.name, self.sql.encode()))
        self._prepared.add(driver)


def _text(value: bytes | str | int | None) -> bytes | None:
    """A value as PostgreSQL reads it from text."""
    if value is None:
        return None
    text = "\\x" + value.hex() if isinstance(value, bytes) else str(value)
    if "\0" in text:
        raise ValueError("text with a NUL would end there on the server")
    return text.encode()


def _sqlstate(result: Any) -> str:
    return (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()


def _checked(server: Any, result: Any) -> Any:
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if server.status == ConnStatus.BAD:
        # Django then gives this connection back to be thrown away
        connections[DEFAULT_DB_ALIAS].errors_occurred = True
    context = (result.error_field(DiagnosticField.CONTEXT) or b"").decode()
    # not its DETAIL, which quotes rows
    said = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    raise ServerError(said.decode(errors="replace").strip(), _sqlstate(result), context)
