"""The connectors of this process by name, as operators configured them."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from django.conf import settings

from governance.records.postgresql import PostgresConnector
from governance.records.protocol import DEADLINE_SECONDS, Connector, Key, Outage, Rows, Session, Unavailable

_lock = threading.Lock()
_open: dict[str, tuple[str, PostgresConnector]] = {}


class NotConfigured:
    """The connector behind every name that operators have not configured: never available."""

    def __init__(self, name: str) -> None:
        self.name = name

    @contextmanager
    def reading(self, seconds: float = DEADLINE_SECONDS) -> Iterator[Session]:
        yield self

    def fetch(
        self, table: str, *, columns: Collection[str], keys: Mapping[str, Sequence[Key]], most: int
    ) -> Rows | Unavailable:
        return Unavailable(Outage.NOT_CONFIGURED, self.name)


def connector(name: str) -> Connector:
    """The connector of this name, with its connections and its breaker kept for the life of the process."""
    url = settings.PLACET_CONNECTORS.get(name)
    with _lock:
        known = _open.get(name)
        if known is not None and known[0] == url:
            return known[1]
        if known is not None:
            del _open[name]
            known[1].close()
        if url is None:
            return NotConfigured(name)
        try:
            opened = PostgresConnector(name, url)
        except psycopg.Error:
            return NotConfigured(name)
        _open[name] = (url, opened)
        return opened


def close_all() -> None:
    """Close every idle connection, such as at the end of the process."""
    with _lock:
        for _, opened in _open.values():
            opened.close()


atexit.register(close_all)
