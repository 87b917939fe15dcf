"""A connector over the frozen records of the practice cases: nothing outside this process is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from governance.records.protocol import DEADLINE_SECONDS, Key, Outage, Row, Rows, Session, Unavailable
from governance.records.resolve import text_of


@dataclass(frozen=True, slots=True)
class Shelf:
    """Rows by table, read at one moment. `outage`: it does not answer."""

    tables: Mapping[str, Sequence[Row]]
    read_at: dt.datetime
    outage: bool = False
    name: str = "practice"

    @contextmanager
    def reading(self, seconds: float = DEADLINE_SECONDS) -> Iterator[Session]:
        yield self

    def fetch(
        self, table: str, *, columns: Collection[str], keys: Mapping[str, Sequence[Key]], most: int
    ) -> Rows | Unavailable:
        """Rows whose every key column has one of its values, at most `most` of them."""
        if self.outage:
            return Unavailable(Outage.UNREACHABLE, self.name)
        found = [
            {column: row.get(column) for column in {*columns, *keys}}
            for row in self.tables.get(table, ())
            if all(text_of(row.get(column)) in map(text_of, values) for column, values in keys.items())
        ]
        return Rows(tuple(found[:most]), self.read_at)
