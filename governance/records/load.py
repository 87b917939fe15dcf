"""Loads recorded systems of record into a database of their own, which Placet then only reads.

One schema a file, one table a collection, one typed column a top-level key, always the same for the same file.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

from governance.records.exact import dumps, loads, storable

MAX_BYTES = 256 * 1024 * 1024
CONNECTOR = "records"

# Left on every schema made here: a schema of anybody else is never replaced.
_MARK = "placet records "


class LoadError(Exception):
    """Records that cannot be loaded; the message names the file and never repeats what is in it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file as loaded: its schema, rows by table, and whether it was there already."""

    schema: str
    rows: Mapping[str, int]
    unchanged: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """A collection as a table: column names with their types, and rows by record id."""

    name: str
    columns: Mapping[str, str]
    keys: Sequence[str]
    rows: Sequence[tuple[str, Mapping[str, Any]]]


def load_folder(folder: Path, *, owner_url: str | None = None, reader: str | None = None) -> tuple[Loaded, ...]:
    """Load every `*.json` and `*.json.gz` of a folder; files that are loaded already are left as they are.

    `owner_url` (default PLACET_RECORDS_OWNER_URL) may create schemas; `reader` (default: the role of connector
    `records`) is granted SELECT. Each file is loaded wholly or not at all. LoadError if that is not possible.
    """
    url = owner_url or getattr(settings, "PLACET_RECORDS_OWNER_URL", None)
    if not url:
        raise LoadError("PLACET_RECORDS_OWNER_URL is not set: nobody may load records.")
    role = reader if reader is not None else reader_role()
    files = sorted(path for path in folder.glob("*") if path.name.removesuffix(".gz").endswith(".json"))
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return tuple(_loaded(connection, path, role) for path in files)
    except psycopg.OperationalError as error:
        raise LoadError("The database of records cannot be reached.") from error


def _loaded(connection: psycopg.Connection[Any], path: Path, reader: str) -> Loaded:
    try:
        return _load(connection, path, reader)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise LoadError(f"{path.name}: the role of PLACET_RECORDS_OWNER_URL may not load it.") from error
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        # The server's own words could repeat what is in the file.
        raise LoadError(f"{path.name} cannot be loaded: {type(error).__name__}.") from error


def reader_role(connector: str = CONNECTOR) -> str:
    """The role of a connector's address: who may read what is loaded. Empty if it is not configured."""
    url = settings.PLACET_CONNECTORS.get(connector, "")
    return unquote(urlsplit(url).username or "")


def plain_name(text: str, prefix: str = "c_") -> str:
    """A name as tables, columns and schemas are called: lower case, digits and underscores, at most 55 characters."""
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower(), flags=re.ASCII).strip("_")
    return (name if name[:1].isalpha() else f"{prefix}{name}")[:55]


def _load(connection: psycopg.Connection[Any], path: Path, reader: str) -> Loaded:
    schema = plain_name(path.name.split(".json")[0], "s_")
    content = _content(path)
    mark = f"{_MARK}{hashlib.sha256(content).hexdigest()}"
    tables = list(_tables(_document(path, content)))
    rows = {table.name: len(table.rows) for table in tables}
    with connection.transaction():
        # Two loaders of one file must not both find it missing.
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{_MARK}{schema}"])
        found = connection.execute(
            "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", [schema]
        ).fetchone()
        if found is not None and not str(found[0]).startswith(_MARK):
            raise LoadError(f"{path.name}: schema {schema} was not loaded by Placet and is not replaced.")
        unchanged = found is not None and found[0] == mark
        if not unchanged:
            _replace(connection, schema, mark, tables)
        _grant(connection, schema, reader)
    return Loaded(schema, rows, unchanged)


def _content(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError(f"{path.name} cannot be read.") from error
    if len(content) > MAX_BYTES:
        raise LoadError(f"{path.name} has more than {MAX_BYTES // 1024 // 1024} MiB.")
    return content


def _document(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        document = loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise LoadError(f"{path.name} is not JSON in UTF-8.") from error
    if not isinstance(document, dict):
        raise LoadError(f"{path.name} maps collections to their records.")
    return document


def _tables(document: Mapping[str, Any]) -> Iterator[_Table]:
    taken: dict[str, int] = {}
    for collection, records in sorted(document.items()):
        name = _free(plain_name(collection, "t_"), taken)
        if isinstance(records, dict) and records and all(isinstance(row, dict) for row in records.values()):
            yield _table(name, list(records.items()))
        else:
            yield _table(name, [(collection, records if isinstance(records, dict) else {"value": records})])


def _table(name: str, records: Sequence[tuple[str, Mapping[str, Any]]]) -> _Table:
    keys = sorted({key for _, row in records for key in row})
    taken = {"record_id": 1}
    columns = {_free(plain_name(key), taken): _type([row[key] for _, row in records if key in row]) for key in keys}
    return _Table(name, columns, keys, sorted(records, key=lambda record: record[0]))


def _free(name: str, taken: dict[str, int]) -> str:
    """The name, or the name with a number if another one became the same."""
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}_{taken[name]}"


def _type(values: Sequence[Any]) -> str:
    """The narrowest column type of all values: text, boolean, numeric, else jsonb."""
    kinds = {_kind(value) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else "jsonb"


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    return "jsonb" if isinstance(value, list | dict) else "numeric"


def _replace(connection: psycopg.Connection[Any], schema: str, mark: str, tables: Sequence[_Table]) -> None:
    name = sql.Identifier(schema)
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
    connection.execute(sql.SQL("create schema {}").format(name))
    connection.execute(sql.SQL("comment on schema {} is {}").format(name, sql.Literal(mark)))
    for table in tables:
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in _typed(table.columns)
        ]
        identifier = sql.Identifier(schema, table.name)
        definition = sql.SQL(", ").join([sql.SQL("record_id text primary key"), *columns])
        connection.execute(sql.SQL("create table {} ({})").format(identifier, definition))
        with connection.cursor().copy(sql.SQL("copy {} from stdin").format(identifier)) as copy:
            for record, row in table.rows:
                copy.write_row((storable(record), *_cells(table, row)))


def _typed(columns: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Columns with their types; the types are the four words of `_kind`, never text from a file."""
    yield from columns.items()


def _cells(table: _Table, row: Mapping[str, Any]) -> Iterator[str | None]:
    for key, kind in zip(table.keys, table.columns.values(), strict=True):
        value = row.get(key)
        if value is None:
            yield None
        else:
            yield storable(value) if kind == "text" else dumps(value)


def _grant(connection: psycopg.Connection[Any], schema: str, reader: str) -> None:
    """Reading and nothing else."""
    if not reader:
        return
    names = {"schema": sql.Identifier(schema), "reader": sql.Identifier(reader)}
    connection.execute(sql.SQL("grant usage on schema {schema} to {reader}").format(**names))
    connection.execute(sql.SQL("grant select on all tables in schema {schema} to {reader}").format(**names))
