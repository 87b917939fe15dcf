"""What goes to PostgreSQL and what comes back: statements of quoted names, keys as text, rows as exact JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from psycopg import sql

from governance.records.parse import COLUMN, TABLE
from governance.records.protocol import Json, Key, Row
from governance.records.resolve import text_of

MOST_BYTES = 256 * 1024

# The rows as JSON text, all or none: over the limit in bytes nothing leaves the server.
_SELECT = sql.SQL(
    "select case when sum(octet_length(found.row)) over () <= {bytes} then found.row end from ("
    "select row_to_json(picked)::text as row from ("
    "select {columns} from {table} where {condition} limit {rows}) picked) found order by found.row"
)


def statement(table: str, columns: Collection[str], keys: Mapping[str, list[str]], most: int) -> sql.Composed | None:
    """The statement, every name checked against its closed pattern and quoted; None for anything else."""
    names = sorted({*columns, *keys})
    if not TABLE.fullmatch(table) or not names or not keys or not all(COLUMN.fullmatch(name) for name in names):
        return None
    conditions = [
        sql.SQL("{} in ({})").format(
            sql.Identifier(column), sql.SQL(",").join([sql.Placeholder()] * max(1, len(values)))
        )
        for column, values in keys.items()
    ]
    return _SELECT.format(
        bytes=sql.Literal(MOST_BYTES),
        columns=sql.SQL(",").join(map(sql.Identifier, names)),
        table=sql.Identifier(*table.split(".")),
        condition=sql.SQL(" and ").join(conditions),
        rows=sql.Literal(most + 1),
    )


def key_texts(values: Sequence[Key]) -> list[str]:
    """Keys as the texts that PostgreSQL reads in the column's own type; what cannot be stored is no key."""
    texts = (text_of(value) for value in values)
    return list(dict.fromkeys(text for text in texts if text is not None and _storable(text)))


def _storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def read_row(text: str) -> Row:
    """One row with exact numbers. ValueError or RecursionError for NaN, endless nesting and what cannot be stored."""
    row = json.loads(text, parse_float=_exact, parse_constant=_refused)
    if not isinstance(row, dict) or ("\\u" in text and not _storable_json(row)):
        raise ValueError("not a usable row")
    return row


def _exact(text: str) -> Json:
    number = Decimal(text)
    return number.normalize() if number.is_finite() else None


def _refused(_: str) -> NoReturn:
    raise ValueError("not a number")


def _storable_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_storable(key) and _storable_json(inside) for key, inside in value.items())
    if isinstance(value, list):
        return all(map(_storable_json, value))
    return not isinstance(value, str) or _storable(value)
