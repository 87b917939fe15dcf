"""What an agent is told about a decision. Tokens are minted into an answer each time, never stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from governance import tokens
from governance.gather import Gathered, Stored
from governance.ids import ordered_id
from governance.policy.action_types import ActionTypeSpec
from governance.policy.decision import Decision, Outcome
from governance.problems import Code, Problem

STATUS = {Outcome.EXECUTE.value: 200, Outcome.ESCALATE.value: 202, Outcome.REFUSE.value: 403}
GRANT_SECONDS = 60
REPORT_SECONDS = 600
# A renewal that was sent in time may arrive a little later.
GRACE = dt.timedelta(seconds=5)
RETRY_SECONDS = 5


def report_seconds(lease: int | None) -> int:
    """Until when what was begun must be reported, in seconds: a lease never ends after that."""
    return REPORT_SECONDS + (lease or 0)


def run_out(lease_until: dt.datetime | None, report_by: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether the sweep may close what runs as abandoned at any moment, so that nothing is taken for it any more."""
    lease = lease_until is not None and lease_until + GRACE <= now
    return lease or (report_by is not None and report_by <= now)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision as HTTP tells it: 200 execute, 202 escalate, 403 refuse; `stored` is the body without a token."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    stored: dict[str, Any] = field(default_factory=dict)


def answer_of(
    spec: ActionTypeSpec,
    gathered: Gathered,
    decision: Decision,
    action: UUID,
    *,
    digest: bytes = b"",
    trace_id: str = "",
    dry_run: bool = False,
    joins: tuple[UUID, str] | None = None,
) -> Answer:
    """The answer for a fresh decision. A dry run names no action, no grant and no case.

    `joins` is the open case, with its status, in which the same action waits.
    """
    body: dict[str, Any] = {
        "id": None if dry_run else str(action),
        "outcome": decision.outcome.value,
        "effective_tier": decision.effective.name,
        "required_tier": decision.required.name,
        "effective_risk": decision.risk.name.lower(),
        "bound_by": decision.bound_by,
        "reasons": [{"code": r.code.value, "sentence": r.sentence, "help": r.help} for r in decision.reasons],
        "policy_revision": gathered.policy_revision,
        "evaluated_at": wire(gathered.now),
        "dry_run": dry_run,
    }
    if dry_run:
        return Answer(STATUS[decision.outcome.value], body)
    body["action_digest"] = digest.hex()
    body["traceparent"] = traceparent(trace_id, action)
    if decision.outcome is Outcome.EXECUTE:
        lease = spec.checkpoint_seconds
        body["report_by"] = wire(gathered.now + dt.timedelta(seconds=report_seconds(lease)))
        if lease is not None:
            body["lease_until"] = wire(gathered.now + dt.timedelta(seconds=lease))
        body["grant"] = {
            "id": str(uuid4()),
            "issued_by": "policy" if decision.by_guardrail else "machine",
            "not_before": wire(gathered.now),
            "expires_at": wire(gathered.now + dt.timedelta(seconds=GRANT_SECONDS)),
        }
    elif decision.outcome is Outcome.ESCALATE:
        case, status = joins or (ordered_id(), "checking")
        body["escalation"] = {"id": str(case), "href": f"/api/v1/escalations/{case}/", "status": status}
        if joins is not None:
            body["escalation"]["joined"] = True
    return told(body, tool=spec.tool, agent=gathered.agent, digest=digest)


def replayed(gathered: Gathered, stored: Stored, body_hash: bytes, tool: str) -> Answer:
    """The answer that this idempotency key got before. Raises `Problem` when the body is another one."""
    if stored.body_hash != body_hash:
        raise Problem(
            Code.IDEMPOTENCY_BODY_CHANGED,
            "This Idempotency-Key was used with another body.",
            fields=(("", "The body differs from the first request with this key."),),
        )
    return told(stored.answer, tool=tool, agent=gathered.agent, digest=stored.digest)


def told(stored: dict[str, Any], *, tool: str, agent: str, digest: bytes) -> Answer:
    """A stored body with its token and headers."""
    body, headers = dict(stored), {"Cache-Control": "no-store"}
    if trace := stored.get("traceparent"):
        headers["traceparent"] = trace
    if grant := stored.get("grant"):
        opens, ends = (dt.datetime.fromisoformat(grant[name]) for name in ("not_before", "expires_at"))
        token = tokens.mint(
            grant=grant["id"], agent=agent, audience=tool, digest=digest, now=opens, not_before=opens, expires_at=ends
        )
        body["grant"] = {**grant, "token": token}
    if case := stored.get("escalation"):
        headers |= {"Location": case["href"], "Retry-After": str(RETRY_SECONDS)}
    return Answer(STATUS[stored["outcome"]], body, headers, stored)


def joined(answer: Answer) -> bool:
    """Whether it waits in the case of the same action, asked before."""
    return bool(answer.stored.get("escalation", {}).get("joined"))


def span_of(action: UUID) -> str:
    """The span of an action: the first half of its id, as a W3C parent-id."""
    return action.hex[:16]


def traceparent(trace_id: str, action: UUID) -> str:
    """What an agent hands on, so that whatever is asked because of this action is shown below it."""
    return f"00-{trace_id}-{span_of(action)}-01"


def wire(moment: dt.datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as every time on the wire."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
