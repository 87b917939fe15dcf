"""The committing statement of a decision. Only `intake` calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from governance.gather import CapUse, Gathered
from governance.hot import ServerError, Statement
from governance.latches import told
from governance.policy.action_types import ActionTypeSpec
from governance.policy.decision import Decision, Outcome
from governance.policy.health import subject_of
from governance.policy.in_flight import Flight
from governance.policy.reasons import Reason
from governance.policy.sampling import cell_name, probability
from governance.policy.tiers import Risk
from governance.policy.velocity import any_window
from governance.problems import Code, Problem
from governance.record import Event, entry
from governance.records.snapshots import Frozen
from reviews.answers import GRANT_SECONDS, Answer, joined, report_seconds
from reviews.asks import Ask
from reviews.fair_share import Full, quota
from reviews.models import AlertKind
from reviews.routing import deadline_seconds, rank_needed, sort_key
from reviews.withheld import OVERRIDE_RANK

# The fingerprint part of the cell of an agent that declares none.
UNDECLARED = "undeclared"

_COMMIT = Statement("placet_commit", "select placet_commit($1, $2, $3, $4, $5, $6, $7, $8, $9)")
_REPEATS, _FULL = "PL005", "PL006"
_LOCK_TIMEOUT, _DEADLOCK = "55P03", "40P01"
# Where one waits for whoever asks for the same: by the digest of the action, or by the key of the request.
_TWINS = ("advisory_xact_lock(13,", "governance_action")
_STATES = {Outcome.EXECUTE: "executing", Outcome.ESCALATE: "escalated", Outcome.REFUSE: "refused"}


class CommitResult(StrEnum):
    """What the database said. Everything but DONE wrote nothing."""

    DONE = "done"
    OVER = "PL001"
    ANSWERED = "PL002"
    EXHAUSTED = "PL003"
    MOVED = "PL004"


class Repeats(Exception):  # noqa: N818 -- not an error: what was asked is being decided
    """Nothing was written: the same action waits in this open case, whose status is `checking` or `pending`."""

    def __init__(self, case: UUID, status: str) -> None:
        super().__init__(case)
        self.case, self.status = case, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything one decision writes."""

    spec: ActionTypeSpec
    type_id: int
    action: UUID
    gathered: Gathered
    decision: Decision
    answer: Answer
    uses: Sequence[CapUse]
    parameters: Mapping[str, Any]
    claims: Mapping[str, Any]
    sealed: Mapping[str, str]
    digest: bytes
    subject: str
    entity: str
    amount: int | None
    run: str
    ask: Ask
    idempotency_key: str
    body_hash: bytes
    by_agent: bool
    snapshot: Frozen | None
    connector: str
    inputs: Mapping[str, Any]
    latches: Sequence[Mapping[str, Any]] = ()
    in_flight: Sequence[Flight] = ()
    shadows: Sequence[Mapping[str, Any]] = ()


def commit(parts: Parts) -> CommitResult:
    """Write one decision with all its rows, or nothing. Raises `Repeats` (join a case) and `Full` (no room for one)."""
    rows = _rows(parts)
    try:
        _COMMIT([parts.gathered.epoch, *(None if row is None else orjson.dumps(row).decode() for row in rows)])
    except ServerError as error:
        return _result_of(error)
    return CommitResult.DONE


def _result_of(error: ServerError) -> CommitResult:
    if error.sqlstate == _REPEATS:
        case, status = str(error).split()
        raise Repeats(UUID(case), status) from error
    if error.sqlstate == _FULL:
        raise Full(str(error)) from error
    if error.sqlstate in set(CommitResult):
        return CommitResult(error.sqlstate)
    if error.sqlstate == _DEADLOCK:
        return CommitResult.OVER
    if error.sqlstate == _LOCK_TIMEOUT and any(at in error.context for at in _TWINS):
        raise Problem(Code.IDEMPOTENCY_IN_FLIGHT, "The same request is still being answered.", retry_after=1) from error
    raise error


def _rows(parts: Parts) -> tuple[list[dict[str, Any]] | None, ...]:
    """The rows of each table in the order of the function's parameters; None where there are none."""
    executes = parts.decision.outcome is Outcome.EXECUTE
    escalates = parts.decision.outcome is Outcome.ESCALATE
    snapshot, body = parts.snapshot, {"action": str(parts.action)}
    return (
        [_decided(parts)],
        [entry(event=Event.ACTION_DECIDED, actor=f"agent:{parts.gathered.agent}", body=_ledger(parts))],
        (_budgets(parts) or None) if executes else None,
        [_escalation(parts)] if escalates else None,
        [{**body, "fields": parts.sealed}] if parts.sealed else None,
        None if snapshot is None else [{**snapshot.row, "facts": None, **_reading(parts.connector, snapshot)}],
        None if snapshot is None else [{**body, **fact} for fact in snapshot.row["facts"]],
        (_flights(parts) or None) if executes else None,
    )


def _reading(connector: str, snapshot: Frozen) -> dict[str, Any]:
    """What a reading of the record says about the health of its connector."""
    return {"tool": subject_of(connector), "good": snapshot.good, "latency_ms": snapshot.took_ms}


def _decided(parts: Parts) -> dict[str, Any]:
    """The action with its decision, and the grant of one that executes."""
    decision, gathered = parts.decision, parts.gathered
    row = {
        "id": str(parts.action),
        "agent": gathered.agent,
        "action_type": parts.type_id,
        "idempotency_key": parts.idempotency_key,
        "body_hash": parts.body_hash.hex(),
        "run": parts.run,
        "subject": parts.subject,
        "entity": parts.entity,
        "parameters": parts.parameters,
        "claims": parts.claims,
        "digest": parts.digest.hex(),
        "amount": parts.amount,
        "in_flight": [flown.key for flown in parts.gathered.flights] or None,
        "state": "superseded" if _joins(parts) else _STATES[decision.outcome],
        "ticket": parts.ask.delegation,
        "chain": gathered.chain,
        "trace_id": parts.ask.trace_of(parts.action),
        "parent_span": parts.ask.parent_span,
        "outcome": decision.outcome.value,
        "effective_tier": int(decision.effective),
        "required_tier": int(decision.required),
        "effective_risk": int(decision.risk),
        "bound_by": decision.bound_by[:200],
        "ladder": [[rung.name, int(rung.tier), rung.bound] for rung in decision.ladder],
        "inputs": parts.inputs,
        "answer": parts.answer.stored,
        "policy_revision": gathered.policy_revision,
        "cell": cell_name(gathered.agent, gathered.fingerprint or UNDECLARED, parts.spec.key, decision.risk),
        "probability": str(probability(decision.risk, None, parts.spec.sampling)),
        "day_key": gathered.now.date().isoformat(),
        "alert": _alert(decision),
        "line": [agent for agent, _ in gathered.line],
        "stands": gathered.stands,
        "latches": parts.latches or None,
        "pins": bool(parts.subject) and not gathered.pinned_subject,  # the first subject of its run so far
    }
    if parts.shadows:
        row["shadows"] = parts.shadows
    return row | _granted(parts) if decision.outcome is Outcome.EXECUTE else row


def _granted(parts: Parts) -> dict[str, Any]:
    now, lease = parts.gathered.now.timestamp(), parts.spec.checkpoint_seconds
    return {
        "report_by": now + report_seconds(lease),
        "lease": lease,
        "grant_id": parts.answer.stored["grant"]["id"],
        "grant_by": parts.answer.stored["grant"]["issued_by"],
        "grant_from": now,
        "grant_until": now + GRANT_SECONDS,
    }


def _budgets(parts: Parts) -> list[dict[str, Any]]:
    """What to reserve. Two caps on one row (an autonomy and a hard one) reserve once, under the lower limit."""
    rows: dict[str, dict[str, Any]] = {}
    for use, state in zip(parts.uses, parts.gathered.budgets, strict=True):
        row = rows.setdefault(
            state.key,
            {
                "action": str(parts.action),
                "key": state.key,
                "width": state.width_ms,
                "amount": use.amount,
                "cap": use.cap.limit,
            },
        )
        row["cap"] = min(row["cap"], use.cap.limit)
    counted, rail = parts.gathered.guardrail, parts.spec.guardrail
    if parts.decision.by_guardrail and counted is not None and rail is not None:
        terms = {"key": counted.key, "width": counted.width_ms, "amount": 1, "cap": rail.count}
        rows[counted.key] = {"action": str(parts.action), **terms}
    return list(rows.values())


def _alert(decision: Decision) -> str | None:
    """What a person must see of this decision; nothing of most."""
    if decision.contradicted:
        return AlertKind.RED.value
    if decision.alert:
        return (AlertKind.GUARDRAIL_GRANT if decision.by_guardrail else AlertKind.MEDIUM_EXECUTION).value
    return None


def _flights(parts: Parts) -> list[dict[str, Any]]:
    """How many may be under way under each key of this action, this one included."""
    pairs = zip(parts.gathered.flights, parts.in_flight, strict=True)
    return [{"key": flown.key, "most": flight.limit} for flown, flight in pairs]


def _escalation(parts: Parts) -> dict[str, Any]:
    decision, gathered = parts.decision, parts.gathered
    if _joins(parts):
        return {"joins": parts.answer.stored["escalation"]["id"], "action": str(parts.action)}
    due = gathered.now.timestamp() + deadline_seconds(parts.spec, decision.risk)
    row: dict[str, Any] = {
        "id": parts.answer.stored["escalation"]["id"],
        "action": str(parts.action),
        "opened_by": "agent" if parts.by_agent else "decision",
        "deadline": due,
        "rank": max(rank_needed(parts.spec, decision.risk), _override_rank(decision)),
        "risk": int(decision.risk),
        "digest": parts.digest.hex(),
        "sort_key": sort_key(due, parts.amount),
        **quota(gathered, parts.entity, parts.spec.open_cases),
    }
    if decision.breach is not None:
        row["cap_key"] = any_window(decision.breach.budget_key)
        # the last of its windows to free
        frees = [each.frees_at for each in gathered.budgets if any_window(each.key) == row["cap_key"]]
        row["cap_frees_at"] = max((each.timestamp() for each in frees if each is not None), default=None)
    elif (full := _full(parts)) is not None:
        # it frees when something ends: nothing binds once the case is closed
        row["cap_key"] = f"flight:{full}"
    return row


def _full(parts: Parts) -> str | None:
    """The first key under which as much is under way as may be."""
    pairs = zip(parts.gathered.flights, parts.in_flight, strict=True)
    return next((flown.key for flown, flight in pairs if flight.passed), None)


def _joins(parts: Parts) -> bool:
    """Whether this opens no case of its own."""
    return joined(parts.answer)


def _override_rank(decision: Decision) -> int:
    """To approve what a soft rule holds back is to override it, which takes the highest rank."""
    held = any(given.code is Reason.POLICY_OVERRIDABLE for given in decision.reasons)
    return OVERRIDE_RANK if held else 0


def _ledger(parts: Parts) -> dict[str, Any]:
    decision, body = parts.decision, parts.answer.stored
    return {
        "action": body["id"],
        "action_type": parts.spec.key,
        "digest": parts.digest.hex(),
        "outcome": decision.outcome.value,
        "effective": decision.effective.name,
        "required": decision.required.name,
        "risk": Risk(decision.risk).name,
        "reasons": [reason.code.value for reason in decision.reasons],
        "chain": list(parts.gathered.chain),
        "ticket": None if parts.ask.delegation is None else str(parts.ask.delegation),
        "policy_revision": parts.gathered.policy_revision,
        "epoch": parts.gathered.epoch,
        "grant": body.get("grant", {}).get("id"),
        "escalation": body.get("escalation", {}).get("id"),
        **({"joined": True} if _joins(parts) else {}),
        "alert": _alert(decision),
        "snapshot": None if parts.snapshot is None else parts.snapshot.digest.hex(),
        "standing": [told(latch) for latch in parts.latches],
    }
