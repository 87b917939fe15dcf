"""Rows of a query by column name, JSON already parsed. Statements are fixed text; values are parameters.

Beside them stand whole rows of models, read and written by statements whose text is made once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models

from governance.cursors import kept

_JSONB = 3802
_known: dict[str, list[tuple[str, bool]]] = {}
_MOST = 1024

M = TypeVar("M", bound=models.Model)
Row = Mapping[str, Any]
# A model, or one of which these columns alone are read.
Given = type[models.Model] | tuple[type[models.Model], tuple[str, ...]]


def fetch(statement: str, values: Mapping[str, Any] | Sequence[Any] = (), *, anew: bool = False) -> list[Row]:
    """All rows of one statement; `anew` of one whose best plan depends on its values, planned for them alone."""
    with connection.cursor() if anew else kept() as cursor:
        cursor.execute(statement, values)
        columns = _columns(statement, cursor)
        return [
            {name: _value(value, is_json) for (name, is_json), value in zip(columns, row, strict=True)}
            for row in cursor.fetchall()
        ]


def _columns(statement: str, cursor: Any) -> list[tuple[str, bool]]:
    """The columns of a statement by name, and which are JSON: a fixed text gives the same ones every time."""
    found = _known.get(statement)
    if found is None:
        if len(_known) >= _MOST:
            _known.clear()
        found = _known[statement] = [(column.name, column.type_code == _JSONB) for column in cursor.description]
    return found


def number(statement: str, values: Mapping[str, Any] | Sequence[Any] = (), *, anew: bool = False) -> int:
    """The one number that a statement gives; `anew` as of `fetch`."""
    with connection.cursor() if anew else kept() as cursor:
        cursor.execute(statement, values)
        found: int = cursor.fetchone()[0]
    return found


class _Part(NamedTuple):
    """A model in a statement: the names of its columns that are read, and which of them hold JSON."""

    alias: str
    model: type[models.Model]
    names: list[str]
    parsed: list[bool]


class Whole:
    """A statement that begins `select {rows}`: whole rows of models, and then columns by their names.

    Its text is made once, where a query set makes its own each time that it is asked. A model is named by the alias of
    its table; of one given as (model, names of columns) the other columns are read when somebody asks for them.
    """

    def __init__(self, statement: str, **parts: Given) -> None:
        self._parts = [
            _part(alias, *(part if isinstance(part, tuple) else (part, ()))) for alias, part in parts.items()
        ]
        columns = ", ".join(f"{part.alias}.{name}" for part in self._parts for name in part.names)
        self._statement = statement.replace("{rows}", columns)

    def fetch(self, values: Mapping[str, Any] | Sequence[Any] = ()) -> list[Row]:
        """All rows: each model by its alias, None where a join found none, and what stands behind them by its name."""
        with kept() as cursor:
            cursor.execute(self._statement, values)
            columns = _columns(self._statement, cursor)
            return [self._row(row, columns) for row in cursor.fetchall()]

    def _row(self, row: Sequence[Any], columns: list[tuple[str, bool]]) -> Row:
        found: dict[str, Any] = {}
        place = 0
        for part in self._parts:
            values = row[place : place + len(part.names)]
            place += len(part.names)
            parsed = [_value(value, is_json) for value, is_json in zip(values, part.parsed, strict=True)]
            # the first column is the key, which is null only where nothing was joined
            found[part.alias] = None if values[0] is None else part.model.from_db(connection.alias, part.names, parsed)
        for (name, is_json), value in zip(columns[place:], row[place:], strict=True):
            found[name] = _value(value, is_json)
        return found


def _part(alias: str, model: type[models.Model], named: tuple[str, ...]) -> _Part:
    fields = _named(model, named) if named else [*model._meta.concrete_fields]
    parsed = [isinstance(field, models.JSONField) for field in fields]
    return _Part(alias, model, [field.attname for field in fields], parsed)


def _named(model: type[models.Model], names: tuple[str, ...]) -> list[models.Field[Any, Any]]:
    """These columns in the order of the model. ValueError for a name that is none of them, so that none is left out."""
    fields = [field for field in model._meta.concrete_fields if field.attname in names]
    unknown = {*names} - {field.attname for field in fields}
    if unknown:
        raise ValueError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    return fields


def _value(value: Any, is_json: bool) -> Any:
    return json.loads(value) if is_json and isinstance(value, str) else value


def add(row: M) -> M:
    """Insert a row with all that it says, and return it; its key is set where the database makes it."""
    made = row.pk is None
    statement, fields = _inserting(type(row), made)
    with kept() as cursor:
        cursor.execute(statement, [_stored(row, field) for field in fields])
        if made:
            (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias
    return row


def write(row: models.Model, *names: str) -> None:
    """Write these columns of a row whose lock is held."""
    statement, fields = _updating(type(row), names)
    with kept() as cursor:
        cursor.execute(statement, [*(_stored(row, field) for field in fields), row.pk])


@cache
def _inserting(model: type[models.Model], made: bool) -> tuple[str, list[models.Field[Any, Any]]]:
    key = model._meta.pk
    fields = [field for field in model._meta.concrete_fields if not (made and field is key)]
    columns, values = ", ".join(field.attname for field in fields), ", ".join("%s" for _ in fields)
    returning = f" returning {key.attname}" if made else ""
    return f"insert into {model._meta.db_table} ({columns}) values ({values}){returning}", fields  # noqa: S608


@cache
def _updating(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[models.Field[Any, Any]]]:
    fields = _named(model, names)
    columns = ", ".join(f"{field.attname} = %s" for field in fields)
    return f"update {model._meta.db_table} set {columns} where {model._meta.pk.attname} = %s", fields  # noqa: S608


def _stored(row: models.Model, field: models.Field[Any, Any]) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)
