from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.cursors import kept
from governance.models import ActionType
from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.problems import Code, Problem
from governance.records.bindings import Binding
from governance.records.parse import parse_binding


@dataclass(frozen=True, slots=True)
class Entry:
    """One parsed action type at one revision, with its binding if it has one, and the documents of both."""

    id: int
    revision: int
    spec: ActionTypeSpec
    binding: Binding | None
    document: Mapping[str, Any]
    bound: Mapping[str, Any] | None

    @property
    def reads_first(self) -> bool:
        """Whether its facts are read before deciding."""
        return self.spec.facts_first and self.binding is not None


# Parsed entries of this process. A revision is a time, so none is ever used twice, not even after a
# restore: what is cached under it cannot be another document.
_parsed: dict[tuple[int, int], Entry] = {}
_latest: dict[str, Entry] = {}
_MOST = 4096


def lookup(key: str, *, stale: int | None = None) -> Entry | None:
    """The entry of a key as this process knows it, read from the database when it knows none.

    A decision compares the revision with the one it gathered and, when they differ, asks again with
    `stale`, the revision that turned out to be old. None when nobody registered the key.
    """
    known = _latest.get(key)
    if known is not None and known.revision != stale:
        return known
    return _read("key", key)


def current(action_type_id: int) -> Entry | None:
    """The entry of an action type as stored now: one short read, parsed once per revision."""
    return _read("id", action_type_id)


def readable(action_type_id: int) -> Entry | None:
    """The same, and None also where it cannot be read: for pages, which say so, and for what needs none."""
    try:
        return current(action_type_id)
    except Problem:
        return None


def known(action_type_id: int, revision: int) -> Entry | None:
    """The entry at a revision that was read just now, without another read where this process has parsed it.

    None where it cannot be read.
    """
    return _parsed.get((action_type_id, revision)) or readable(action_type_id)


def spec_of(action_type_id: int, revision: int) -> tuple[ActionTypeSpec, Binding | None]:
    """Spec and binding of this revision. Problem WRONG_STATE when it is neither cached nor the stored one."""
    entry = _parsed.get((action_type_id, revision)) or current(action_type_id)
    if entry is None or entry.revision != revision:
        raise Problem(Code.WRONG_STATE, "The catalogue entry has been edited since.")
    return entry.spec, entry.binding


def _read(column: str, value: str | int) -> Entry | None:
    with kept() as cursor:
        cursor.execute(f"select id, key, revision from governance_actiontype where {column} = %s", [value])  # noqa: S608
        found = cursor.fetchone()
    entry = None if found is None else _parsed.get((found[0], found[2])) or _parse(found[0])
    if found is None or entry is None:
        return None
    _latest[found[1]] = entry
    return entry


def _parse(action_type_id: int) -> Entry | None:
    # one statement: type and binding of the same moment
    row = ActionType.objects.select_related("binding").filter(pk=action_type_id).first()
    if row is None:
        return None
    bound = getattr(row, "binding", None)
    spec = parse_action_type(row.document)
    binding = None if bound is None else parse_binding(bound.document)
    if isinstance(spec, list) or isinstance(binding, list):
        raise Problem(Code.UNAVAILABLE, "This catalogue entry cannot be read: an operator must look at it.")
    entry = Entry(row.pk, row.revision, spec, binding, row.document, None if bound is None else bound.document)
    if len(_parsed) >= _MOST:
        _parsed.clear()
    _parsed[row.pk, row.revision] = entry
    return entry
