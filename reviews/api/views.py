"""The agents' calls: each parses, asks one verb or reader, and renders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Body

from governance import signals, tokens
from governance.digest import digest
from governance.policy.health import subject_of
from governance.problems import Code, Problem
from governance.weigh import NOTICE
from reviews import checkpoint, intake, redeem, report, withdraw
from reviews.answers import Answer
from reviews.api import documents, problems, states
from reviews.api.callers import authenticated, caller_of, counted, credential_of, presented
from reviews.api.catalogue import CATALOGUE
from reviews.api.headers import idempotency_key, trace_context
from reviews.api.payloads import (
    AskPayload,
    EscalatePayload,
    NothingPayload,
    RedeemPayload,
    ReportPayload,
    SignalPayload,
    Wanted,
)
from reviews.api.render import told

POLL_SECONDS = 5

# A call without fields may come without a body.
_NOTHING: Any = Body(NothingPayload())

router = Router()


@router.post("actions/", operation_id="ask", auth=presented, response={200: documents.Decided, 202: documents.Decided})
def ask(request: HttpRequest, payload: AskPayload) -> HttpResponse:
    """Ask to act: execute (200), a person decides (202), or refused (403)."""
    stated = {"uncertain": payload.uncertain, "elevate": payload.elevate, "dry_run": payload.dry_run}
    return _decided(intake.ask(credential_of(request), _wish(request, "actions", payload, None, **stated)))


@router.post("escalations/", operation_id="escalate", auth=presented, response={202: documents.Decided})
def escalate(request: HttpRequest, payload: EscalatePayload) -> HttpResponse:
    """The agent asks for a person by itself (202), or is refused (403) as for an action."""
    return _decided(intake.ask(credential_of(request), _wish(request, "escalations", payload, payload.reason)))


@router.get("actions/{uuid:id}/", operation_id="action", auth=authenticated, response=documents.ActionShown)
def action(request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """An own action as it stands now."""
    return told(states.action(id, caller=caller_of(request)))


@router.post("actions/{uuid:id}/report/", operation_id="report_action", auth=authenticated, response=documents.Reported)
def report_action(request: HttpRequest, id: UUID, payload: ReportPayload) -> HttpResponse:  # noqa: A002
    """Say what became of an action that was allowed."""
    done = report.report(
        id,
        caller=caller_of(request),
        status=payload.status,
        latency_ms=payload.latency_ms if payload.latency_ms >= 0 else None,
        record_version=payload.record_version,
    )
    return told(states.reported(done))


@router.post(
    "actions/{uuid:id}/checkpoint/",
    operation_id="checkpoint",
    auth=authenticated,
    response=documents.Continued,
    by_alias=True,
)
def checkpoint_action(request: HttpRequest, id: UUID, payload: NothingPayload = _NOTHING) -> HttpResponse:  # noqa: A002
    """Ask whether a running action may continue: the rule is judged again with what is true now."""
    return told(states.continued(checkpoint.checkpoint(id, caller=caller_of(request))))


@router.post(
    "actions/{uuid:id}/withdraw/", operation_id="withdraw_action", auth=authenticated, response=documents.Withdrawn
)
def withdraw_action(request: HttpRequest, id: UUID, payload: NothingPayload = _NOTHING) -> HttpResponse:  # noqa: A002
    """Take an action back before it was executed."""
    done = withdraw.withdraw(id, caller=caller_of(request))
    return told({"id": str(done.id), "state": done.state})


@router.get("escalations/{uuid:id}/", operation_id="escalation", auth=authenticated, response=documents.CaseShown)
def escalation(request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002
    """An own case as it stands now; once approved, with a token."""
    shown = states.escalation(id, caller=caller_of(request))
    return told(shown, headers={"Retry-After": str(POLL_SECONDS)} if shown["status"] in states.WAITING else None)


@router.post("grants/{uuid:id}/redeem/", operation_id="redeem_grant", auth=authenticated, response=documents.Redeemed)
def redeem_grant(request: HttpRequest, id: UUID, payload: RedeemPayload) -> HttpResponse:  # noqa: A002
    """Use a grant once, for exactly what it was given for."""
    return told(states.redeemed(redeem.redeem(id, caller=caller_of(request), digest=payload.digest)))


@router.post("signals/", operation_id="signal", auth=counted, response=documents.SignalTaken)
def signal(request: HttpRequest, payload: SignalPayload) -> HttpResponse:
    """A watcher says what it saw of a tool or a connector."""
    done = signals.take_signal(
        caller=caller_of(request),
        tool=_watched(payload),
        outcomes=[
            signals.Outcome(signals.Answered(each.status), each.latency_ms if each.latency_ms >= 0 else None)
            for each in payload.outcomes
        ],
        idempotency_key=idempotency_key(request),
        body_hash=digest({"call": "signals", "body": payload.model_dump(exclude_unset=True)}),
    )
    return told(states.signalled(done))


@router.get("errors/", operation_id="errors", auth=None, response=documents.ErrorCatalogue)
def errors(request: HttpRequest) -> HttpResponse:
    """Every error code with what it means."""
    return _public({"errors": [entry.document() for entry in CATALOGUE.values()]})


@router.get("errors/{slug:code}/", operation_id="error", auth=None, response=documents.ErrorEntry)
def error(request: HttpRequest, code: str) -> HttpResponse:
    """What the type of a problem document leads to."""
    entry = CATALOGUE.get(code)
    if entry is None:
        raise problems.not_found()
    return _public(entry.document())


def jwks(request: HttpRequest) -> HttpResponse:
    """The public keys of grant tokens."""
    return _public(tokens.jwks())


def _public(body: dict[str, Any]) -> HttpResponse:
    return told(body, headers={"Cache-Control": "public, max-age=300"})


def _decided(answer: Answer) -> HttpResponse:
    """A decision over HTTP: a refusal is a problem document as well."""
    if answer.status < 400:
        return told(answer.body, answer.status, answer.headers)
    return problems.refusal(answer.body, answer.headers)


def _wish(request: HttpRequest, call: str, payload: Wanted, reason: str | None, **more: bool) -> intake.Ask:
    if (reason == "out_of_scope") != (payload.action_type == NOTICE):
        # a notice is acknowledged and never granted, so nothing else may be one and it may be nothing else
        at = ("/action_type", "The type notice goes with an escalation for the reason out_of_scope, and only with it.")
        raise Problem(Code.INVALID_ENVELOPE, "The reason and the action type do not go together.", fields=(at,))
    trace_id, parent_span = trace_context(request)
    return intake.Ask(
        action_type=payload.action_type,
        parameters=payload.parameters,
        claims=payload.claims,
        run=payload.run,
        subject=payload.subject or None,
        confidence=Decimal(payload.confidence) if payload.confidence else None,
        note=payload.note or None,
        # of the body as it was sent: a default that is spelled out makes another body
        body_hash=digest({"call": call, "body": payload.model_dump(exclude_unset=True)}),
        idempotency_key=idempotency_key(request),
        delegation=UUID(payload.delegation) if payload.delegation else None,
        trace_id=trace_id,
        parent_span=parent_span,
        agent_reason=reason,
        **more,
    )


def _watched(payload: SignalPayload) -> str:
    if ("tool" in payload.model_fields_set) == ("connector" in payload.model_fields_set):
        at = ("", "Either a tool or a connector is named.")
        raise Problem(Code.INVALID_ENVELOPE, "The body does not have the fields of this call.", fields=(at,))
    return payload.tool or subject_of(payload.connector)
