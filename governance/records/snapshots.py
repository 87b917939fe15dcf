"""A reading as it is stored, and the digest that a verdict states: both written here, whoever reads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from governance.digest import digest
from governance.models import Fact, Snapshot, SnapshotStatus
from governance.policy.money import REFERENCE_CURRENCY
from governance.records.reading import Reading, Status

# Beyond this JSON numbers are not exact everywhere (RFC 7493): such a number is stored as its text.
_EXACT = 2**53 - 1

_STATUS = {
    Status.OK: SnapshotStatus.READ,
    Status.NOT_FOUND: SnapshotStatus.NOT_FOUND,
    Status.UNAVAILABLE: SnapshotStatus.UNAVAILABLE,
}
# What the digest states. Times of reading are left out: an unchanged record keeps its digest.
_STATED = ("status", "subject", "source", "version", "values", "sentence")
_STATED_OF_FACTS = ("name", "claimed", "recorded", "result", "required", "material", "show", "source", "version")

# The same row that `placet_commit` takes.
_STORE = """
with kept as (
  insert into governance_snapshot (action_id, status, subject, source, version, "values", sentence, digest, read_at,
      asked_at)
    select s.action, s.status, s.subject, s.source, s.version, s."values", s.sentence, decode(s.digest, 'hex'),
      s.read_at, s.asked_at
    from jsonb_to_record(%(row)s::jsonb) as s(action uuid, status text, subject text, source text, version text,
      "values" jsonb, sentence jsonb, digest text, read_at timestamptz, asked_at timestamptz)
    returning id
), facts as (
  insert into governance_fact (snapshot_id, position, name, claimed, recorded, result, required, material, show,
      source, version, read_at)
    select kept.id, f.position, f.name, f.claimed, f.recorded, f.result, f.required, f.material, f.show, f.source,
      f.version, f.read_at
    from kept cross join jsonb_to_recordset(%(row)s::jsonb -> 'facts') as f(position smallint, name text,
      claimed jsonb, recorded jsonb, result text, required boolean, material boolean, show text, source text,
      version text, read_at timestamptz)
), tool as (
  insert into governance_toolreading (tool, good, degraded, latency_ms, source, read_at)
    select %(tool)s::text, %(good)s::boolean, false, %(took_ms)s::int, 'connector', clock_timestamp()
    where %(tool)s::text <> ''
)
select id from kept
"""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A reading ready to be stored. `row` is what `placet_commit` takes as `snapshot`, facts included.

    `good`: the system of record answered, `took_ms` so fast, which counts for the health of `tool`, its connector;
    empty where nothing was read.
    """

    row: dict[str, Any]
    digest: bytes
    good: bool
    took_ms: int | None = None
    tool: str = ""


def frozen(
    action: UUID | str,
    reading: Reading,
    *,
    asked_at: dt.datetime,
    sealed: Mapping[str, str] | None = None,
    tool: str = "",
) -> Frozen:
    """Freeze a reading for an action. Of a sealed text that is still in it only the length is left.

    `asked_at` is the time of our database before reading.
    """
    hidden = frozenset((sealed or {}).values())
    facts = [
        {
            "position": position,
            "name": fact.name,
            "claimed": _json(fact.claimed, hidden),
            "recorded": _json(fact.recorded),
            "result": fact.result.value,
            "required": fact.required,
            "material": fact.material,
            "show": fact.show.value,
            "source": fact.source,
            "version": fact.version,
            "read_at": (fact.read_at or reading.read_at).isoformat(),
        }
        for position, fact in enumerate(reading.facts)
    ]
    return _frozen(
        {
            "action": str(action),
            "status": _STATUS[reading.status].value,
            "subject": reading.subject or "",
            "source": reading.source,
            "version": reading.version,
            "values": _values(reading),
            "sentence": _said(reading),
            "read_at": reading.read_at.isoformat(),
            "asked_at": asked_at.isoformat(),
            "facts": facts,
        },
        good=reading.status is not Status.UNAVAILABLE,
        took_ms=reading.took_ms,
        tool=tool,
    )


def unbound(action: UUID | str, now: dt.datetime) -> Frozen:
    """What is stored when no record is bound: that nothing was read."""
    row = {"action": str(action), "status": SnapshotStatus.UNBOUND.value, "subject": "", "source": "", "version": ""}
    moment = now.isoformat()
    row |= {"read_at": moment, "asked_at": moment}
    return _frozen({**row, "values": {}, "sentence": {}, "facts": []}, good=True)


def store(found: Frozen) -> Snapshot:
    """Write the snapshot and its facts, and what the reading says about the health of the tool.

    In the caller's transaction, which ledgers them.
    """
    row = found.row
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE, {"row": json.dumps(row), "tool": found.tool, "good": found.good, "took_ms": found.took_ms}
        )
        (key,) = cursor.fetchone()
    snapshot = Snapshot(
        id=key,
        action_id=UUID(row["action"]),
        **{name: row[name] for name in _STATED},
        digest=found.digest,
        read_at=dt.datetime.fromisoformat(row["read_at"]),
        asked_at=dt.datetime.fromisoformat(row["asked_at"]),
    )
    snapshot._state.adding = False
    return snapshot


def digest_of(snapshot: Snapshot, facts: Iterable[Fact]) -> bytes:
    """The digest again, from the stored rows alone; `facts` in any order."""
    ordered = sorted(facts, key=lambda fact: fact.position)
    return _digest(_named(snapshot, _STATED), [_named(fact, _STATED_OF_FACTS) for fact in ordered])


def _values(reading: Reading) -> dict[str, Any]:
    """Derived values: minor units of the reference currency, money of any other with its name, so it is no amount."""
    foreign = {name: money.to_wire() for name, money in reading.money.items() if money.currency != REFERENCE_CURRENCY}
    values: dict[str, Any] = _json({**reading.values, **foreign})
    return values


def _said(reading: Reading) -> dict[str, Any]:
    """Our own words about the action: the sentence with its slots, and the lines beside the facts."""
    sentence = reading.sentence
    said: dict[str, Any] = {} if sentence is None else {"template": sentence.template, "slots": dict(sentence.slots)}
    return {**said, "lines": _json(reading.lines)} if reading.lines else said


def _frozen(row: dict[str, Any], *, good: bool, took_ms: int | None = None, tool: str = "") -> Frozen:
    stated = {name: row[name] for name in _STATED}
    found = _digest(stated, [{name: fact[name] for name in _STATED_OF_FACTS} for fact in row["facts"]])
    return Frozen({**row, "digest": found.hex()}, found, good, took_ms, tool)


def _digest(stated: dict[str, Any], facts: list[dict[str, Any]]) -> bytes:
    return digest({**stated, "facts": facts})


def _named(row: Snapshot | Fact, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _json(value: object, hidden: frozenset[str] = frozenset()) -> Any:
    """A value as JSON keeps it exactly; a sealed text as the number of its characters."""
    if isinstance(value, str) and value in hidden:
        return {"sealed": len(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        return str(value)
    if isinstance(value, list | tuple):
        return [_json(element, hidden) for element in value]
    if isinstance(value, Mapping):
        return {str(name): _json(element, hidden) for name, element in value.items()}
    return value
