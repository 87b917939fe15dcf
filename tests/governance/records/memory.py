"""A connector over rows in memory: for what has nothing to do with a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from governance.records.protocol import DEADLINE_SECONDS, Key, Outage, Rows, Session, Unavailable
from governance.records.resolve import text_of


class Memory:
    """Tables by name; `outage` makes every fetch fail."""

    def __init__(self, tables: Mapping[str, Sequence[Mapping[str, Any]]], outage: Outage | None = None) -> None:
        self.name = "records"
        self.tables, self.outage = tables, outage

    @contextmanager
    def reading(self, seconds: float = DEADLINE_SECONDS) -> Iterator[Session]:
        yield self

    def fetch(
        self, table: str, *, columns: Collection[str], keys: Mapping[str, Sequence[Key]], most: int
    ) -> Rows | Unavailable:
        if self.outage is not None:
            return Unavailable(self.outage, self.name)
        found = [
            {column: row.get(column) for column in {*columns, *keys}}
            for row in self.tables.get(table, ())
            if all(text_of(row.get(column)) in map(text_of, values) for column, values in keys.items())
        ]
        return Rows(tuple(found[:most]), dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC))
