"""The verb that checks a case: read its record, compare, store what was found."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from governance import record
from governance.entries import Entry, current, known
from governance.models import Action, Snapshot, SnapshotStatus
from governance.policy.health import subject_of
from governance.problems import Code, Problem
from governance.records import snapshots
from governance.records.evaluate import evaluate
from governance.records.registry import connector
from governance.records.snapshots import Frozen
from reviews import rows
from reviews.budgets import typed
from reviews.cases import about, locked
from reviews.models import EscalationState

BY = "system:verify"
_READING = """
insert into governance_toolreading (tool, good, degraded, latency_ms, source, read_at)
  values (%s, %s, false, %s, 'connector', clock_timestamp())
"""
# The tool stands in a column too, so that an end is noted also where the rest of the entry cannot be read.
_REPORT = """
insert into governance_toolreading (tool, good, degraded, latency_ms, source, read_at)
  select t.tool, %s, false, %s, 'report', clock_timestamp() from governance_actiontype t where t.id = %s
"""
_BEFORE = """
select t.revision, clock_timestamp() as now,
  (select x.fields from governance_sealedtext x where x.action_id = %(action)s order by x.id limit 1) as sealed
from governance_actiontype t where t.id = %(type)s
"""
FRESH = timedelta(seconds=60)


def verify(escalation_id: UUID, *, action: Action | None = None) -> Snapshot:
    """Read the record of an open case and store what was found; an outage is stored as one. `action` is its action.

    Not to be called inside a transaction: reading may take three seconds. A reading that overtook a
    newer one is dropped. Problems: NOT_FOUND, CASE_CLOSED (never read before it closed).
    """
    action = action or Action.objects.filter(escalations=escalation_id).first()
    if action is None:
        raise Problem(Code.NOT_FOUND, "This case does not exist.")
    found = read_now(action)
    with transaction.atomic():
        return _store(escalation_id, found)


def read_now(action: Action) -> Frozen:
    """One reading of an action's record, not stored. Outside any transaction; never raises for an outage."""
    row = rows.fetch(_BEFORE, {"action": action.pk, "type": action.action_type_id})[0]
    entry, now = _require(known(action.action_type_id, row["revision"])), row["now"]
    if entry.binding is None:
        return snapshots.unbound(action.pk, now)
    sealed = _values(row["sealed"] or {}, entry)
    reading = evaluate(
        entry.binding,
        connector(entry.binding.connector),
        parameters=typed(action),
        claims=action.claims,
        subject=action.subject or None,
        sealed=sealed,
    )
    tool = subject_of(entry.binding.connector)
    return snapshots.frozen(action.pk, reading, asked_at=now, sealed=sealed, tool=tool)


def note_reading(action: Action, *, good: bool, took_ms: int | None = None) -> None:
    """One line in the health of the connector through which the action is verified."""
    binding = entry_of(action).binding
    if binding is not None:
        with connection.cursor() as cursor:
            cursor.execute(_READING, [subject_of(binding.connector), good, took_ms])


def note_report(action: Action, *, good: bool, latency_ms: int | None = None) -> None:
    """One line in the health of the tool that the action needs."""
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, [good, latency_ms, action.action_type_id])


def entry_of(action: Action) -> Entry:
    """The catalogue entry of an action as it stands now."""
    return _require(current(action.action_type_id))


def _require(entry: Entry | None) -> Entry:
    if entry is None:
        raise Problem(Code.UNAVAILABLE, "The catalogue entry of this action cannot be read.")
    return entry


def is_fresh(snapshot: Snapshot | None, now: datetime) -> bool:
    """Whether a reading can be decided on without reading again. An outage never is."""
    if snapshot is None or snapshot.status == SnapshotStatus.UNAVAILABLE:
        return False
    return snapshot.asked_at > now - FRESH


def _store(escalation_id: UUID, found: Frozen) -> Snapshot:
    case = locked(escalation_id)
    held = None if case.snapshot_id is None else about(case).snapshot
    if held is not None and (case.state != EscalationState.OPEN or _overtaken(found, held)):
        return held
    if case.state != EscalationState.OPEN:
        raise Problem(Code.CASE_CLOSED, "The case was closed before its record was read.")
    snapshot = snapshots.store(found)
    case.snapshot = snapshot
    rows.write(case, "snapshot_id")
    body = {
        "escalation": str(case.pk),
        "action": str(case.action_id),
        "snapshot": snapshot.pk,
        "status": snapshot.status,
        "digest": found.digest.hex(),
    }
    record.append(event=record.Event.CASE_VERIFIED, actor=BY, body=body)
    return snapshot


def _overtaken(found: Frozen, held: Snapshot) -> bool:
    return held.asked_at > datetime.fromisoformat(found.row["asked_at"])


def _values(kept: dict[str, str], entry: Entry) -> dict[str, str]:
    """Sealed values that facts may compare; the agent's note is no value."""
    contract = entry.spec.contract.fields
    return {name: text for name, text in kept.items() if name.partition("/")[0] in contract}
