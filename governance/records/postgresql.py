"""The PostgreSQL connector: reads rows by key, read-only, bounded in time and size, and never raises for an outage."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import errors, sql

from governance.records.breaker import Breaker
from governance.records.connections import Bounded, Connections
from governance.records.protocol import DEADLINE_SECONDS, Key, Outage, Rows, Unavailable
from governance.records.resolve import text_of
from governance.records.wire import key_texts, read_row, statement

MOST_KEYS = 200
LOCK_MILLISECONDS = 1_000

logger = logging.getLogger(__name__)

# A key that the column's type cannot hold is in no row of it.
_NO_SUCH_KEY = (
    errors.InvalidTextRepresentation,
    errors.NumericValueOutOfRange,
    errors.InvalidDatetimeFormat,
    errors.DatetimeFieldOverflow,
)
_TIMEOUT = (errors.QueryCanceled, errors.LockNotAvailable, errors.ConnectionTimeout)
# Classes of SQLSTATE: what is asked for does not exist or is not allowed, and a write in a read-only transaction.
_REFUSED = ("42", "28", "3D", "3F", "25006")

# One statement without parameters, so that it is one round trip. The schemas that a name could otherwise be found in,
# and what a role may have been configured with, do not matter.
_BEGIN = (
    "begin isolation level repeatable read read only; set local search_path = pg_catalog; set local timezone = 'UTC'; "
    "set local statement_timeout = {statement}; set local lock_timeout = {lock}; select transaction_timestamp()"
)


class PostgresConnector:
    """A PostgreSQL database that operators configured by `PLACET_CONNECTOR_<NAME>_URL`, with a role that only reads."""

    def __init__(self, name: str, url: str, breaker: Breaker | None = None) -> None:
        self.name = name
        self.connections = Connections(url)
        self.breaker = breaker or Breaker()

    @contextmanager
    def reading(self, seconds: float = DEADLINE_SECONDS) -> Iterator[PostgresSession]:
        session = PostgresSession(self, time.monotonic() + seconds)
        try:
            yield session
        finally:
            session.end()

    def close(self) -> None:
        """Close idle connections."""
        self.connections.close()


class PostgresSession:
    """One reading: a read-only transaction that begins with the first fetch and is always rolled back."""

    def __init__(self, connector: PostgresConnector, deadline: float) -> None:
        self._connector = connector
        self._deadline = deadline
        self._connection: Bounded | None = None
        self._entered = False
        self._read_at: dt.datetime | None = None
        self._failure: Unavailable | None = None

    def fetch(
        self, table: str, *, columns: Collection[str], keys: Mapping[str, Sequence[Key]], most: int
    ) -> Rows | Unavailable:
        """See `protocol.Session.fetch`. After one outage the whole session stays unavailable."""
        if self._failure is None:
            texts = {column: key_texts(values) for column, values in keys.items()}
            query = statement(table, columns, texts, most)
            if query is None or sum(map(len, texts.values())) > MOST_KEYS:
                return self._fail(Outage.REFUSED if query is None else Outage.TOO_LARGE)
            try:
                return self._fetched(query, texts, most)
            except (psycopg.Error, OSError, ValueError, RecursionError) as error:
                return self._failed_by(error)
        return self._failure

    def end(self) -> None:
        """Roll back and give the connection back; one that failed is closed instead."""
        connection, self._connection = self._connection, None
        if connection is not None and (self._failure is not None or not self._rolled_back(connection)):
            connection.close()
        if self._entered:
            self._entered = False
            self._connector.connections.leave(connection)

    def _fetched(self, query: sql.Composed, texts: Mapping[str, list[str]], most: int) -> Rows | Unavailable:
        connection = self._begun()
        if connection is None or self._read_at is None:
            return self._failure or self._fail(Outage.BUSY)
        if not all(texts.values()):
            return Rows((), self._read_at)
        parameters = [text for values in texts.values() for text in values]
        try:
            found = connection.execute(query, parameters).fetchall()
        except _NO_SUCH_KEY:
            connection.execute("rollback")
            self._begin(connection)
            return Rows((), self._read_at)
        if len(found) > most or any(text is None for (text,) in found):
            return self._fail(Outage.TOO_LARGE)
        rows = [read_row(text) for (text,) in found]
        # Whatever the column's collation or type makes equal: only the very key that was asked for counts.
        asked = [row for row in rows if all(text_of(row[column]) in values for column, values in texts.items())]
        return Rows(tuple(asked), self._read_at)

    def _begun(self) -> Bounded | None:
        """The connection, in its transaction; None if none may be had."""
        if self._connection is not None:
            return self._connection
        if not self._connector.connections.single_host:
            self._fail(Outage.NOT_CONFIGURED)
        elif not self._connector.breaker.allows():
            self._fail(Outage.UNREACHABLE)
        elif not self._connector.connections.enter(self._deadline):
            self._fail(Outage.BUSY)
        else:
            self._entered = True
            self._connection, used = self._connector.connections.take(self._deadline)
            try:
                self._begin(self._connection)
            except psycopg.OperationalError:
                if not used or time.monotonic() >= self._deadline:
                    raise
                self._again()
            self._connector.breaker.succeeded()
        return self._connection

    def _again(self) -> None:
        """A connection kept from before had been cut: all of them probably were, so connect anew, once."""
        if self._connection is not None:
            self._connection.close()
        self._connector.connections.close()
        self._connection, _ = self._connector.connections.take(self._deadline)
        self._begin(self._connection)

    def _begin(self, connection: Bounded) -> None:
        left = max(1, int((self._deadline - time.monotonic()) * 1000))
        cursor = connection.execute(_BEGIN.format(statement=left, lock=min(left, LOCK_MILLISECONDS)).encode())
        while cursor.nextset():
            continue
        row = cursor.fetchone()
        self._read_at = row[0].astimezone(dt.UTC) if row is not None else None

    def _rolled_back(self, connection: Bounded) -> bool:
        try:
            connection.execute("rollback")
        except psycopg.Error:
            return False
        return True

    def _failed_by(self, error: Exception) -> Unavailable:
        """Turn an error into its reason. Its text stays here: it may hold addresses, names and values."""
        if time.monotonic() >= self._deadline or isinstance(error, _TIMEOUT):
            reason = Outage.TIMEOUT
        elif str(getattr(error, "sqlstate", None) or "").startswith(_REFUSED):
            reason = Outage.REFUSED
        elif isinstance(error, psycopg.OperationalError | OSError):
            reason = Outage.UNREACHABLE
        else:
            reason = Outage.INVALID
        if reason in (Outage.TIMEOUT, Outage.UNREACHABLE):
            self._connector.breaker.failed()
        return self._fail(reason, type(error).__name__, getattr(error, "sqlstate", None))

    def _fail(self, reason: Outage, error: str = "", sqlstate: str | None = None) -> Unavailable:
        logger.warning("connector %s: %s %s %s", self._connector.name, reason.value, error, sqlstate or "")
        self._failure = Unavailable(reason, self._connector.name)
        return self._failure
