"""What every connector to a system of record promises: rows by typed keys, or why there are none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

DEADLINE_SECONDS = 3.0

# What a column may hold once read: JSON with exact numbers. Floats never occur.
Json = str | int | bool | Decimal | None | list["Json"] | dict[str, "Json"]
Key = str | int | bool | Decimal
Row = Mapping[str, Json]


class Outage(StrEnum):
    """Why a system of record gave no answer."""

    NOT_CONFIGURED = "not_configured"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BUSY = "busy"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    INVALID = "invalid"


SENTENCES: Mapping[Outage, str] = MappingProxyType(
    {
        Outage.NOT_CONFIGURED: "The system of record is not configured.",
        Outage.UNREACHABLE: "The system of record cannot be reached.",
        Outage.TIMEOUT: "The system of record did not answer in time.",
        Outage.BUSY: "Too many readings of the system of record are under way.",
        Outage.REFUSED: "The system of record refused the reading: an operator must check tables and rights.",
        Outage.TOO_LARGE: "The record is larger than what is read at once.",
        Outage.INVALID: "The system of record gave an answer that cannot be used.",
    }
)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer, as a value: `source` names the connector, `sentence` is fit for any page and any log."""

    reason: Outage
    source: str

    @property
    def sentence(self) -> str:
        return SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in a stable order, read at one moment of the record system's own clock."""

    rows: tuple[Row, ...]
    read_at: dt.datetime


class Session(Protocol):
    """One reading: everything fetched in it comes from one consistent state of the record system."""

    def fetch(
        self, table: str, *, columns: Collection[str], keys: Mapping[str, Sequence[Key]], most: int
    ) -> Rows | Unavailable:
        """Rows whose every key column equals one of its values; `columns` and the key columns of each.

        More than `most` rows are Unavailable (too large). A key that cannot be in the column finds nothing.
        Never raises for anything the record system or a key can do.
        """
        ...


class Connector(Protocol):
    """A system of record that operators configured under a name."""

    @property
    def name(self) -> str: ...

    def reading(self, seconds: float = DEADLINE_SECONDS) -> AbstractContextManager[Session]:
        """Open a reading that ends after `seconds` at the latest, connecting included."""
        ...
