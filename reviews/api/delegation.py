"""The calls by which agents give others something to do, as sub-agents or under tickets, and change their own key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Body

from governance import delegate, rotate, sub_agents
from governance.digest import digest
from governance.models import ActionType, Ticket
from reviews.answers import wire
from reviews.api.callers import authenticated, caller_of, counted
from reviews.api.delegation_documents import Delegation, KeyEnded, KeyRotated, SubAgentGiven
from reviews.api.headers import idempotency_key
from reviews.api.payloads import Closed, DelegatePayload, NothingPayload, SubAgentPayload
from reviews.api.render import told

# A call without fields may come without a body.
_NOTHING: Any = Body(NothingPayload())

router = Router()


@router.post(
    "agents/",
    operation_id="register_agent",
    auth=counted,
    response={201: SubAgentGiven, 200: SubAgentGiven},
)
def register_agent(request: HttpRequest, payload: SubAgentPayload) -> HttpResponse:
    """Register an agent below this one: 201 with its only key. The same request again, once that was used: 200."""
    found = sub_agents.register_sub_agent(
        caller=caller_of(request),
        name=payload.name,
        fingerprint=payload.fingerprint,
        action_types=payload.action_types,
        request_key=idempotency_key(request),
        request_hash=_hash("agents", payload),
    )
    agent = found.agent
    key = None
    if found.key is not None and found.expires_at is not None:
        key = {"bearer": found.key, "expires_at": wire(found.expires_at)}
    shown = {
        "id": str(agent.pk),
        "name": agent.name,
        "parent": str(agent.parent_id),
        "action_types": found.action_types,
        "key": key,
    }
    return told(shown, 200 if key is None else 201)


@router.post("delegations/", operation_id="delegate", auth=counted, response={201: Delegation})
def issue(request: HttpRequest, payload: DelegatePayload) -> HttpResponse:
    """Let a shared agent, or one registered below this one, act for this one for a while."""
    ticket = delegate.issue_ticket(
        caller=caller_of(request),
        child=payload.child,
        action_types=payload.action_types,
        seconds=payload.expires_in,
        via=UUID(payload.delegation) if payload.delegation else None,
        request_key=idempotency_key(request),
        request_hash=_hash("delegations", payload),
    )
    return told(_shown(ticket), 201)


@router.post("delegations/{uuid:id}/end/", operation_id="end_delegation", auth=authenticated, response=Delegation)
def end(request: HttpRequest, id: UUID, payload: NothingPayload = _NOTHING) -> HttpResponse:  # noqa: A002
    """End a delegation now, with every one that rests on it."""
    return told(_shown(delegate.end_ticket(id, by=caller_of(request))))


@router.post("keys/", operation_id="rotate_key", auth=counted, response={201: KeyRotated})
def rotate_key(request: HttpRequest, payload: NothingPayload = _NOTHING) -> HttpResponse:
    """Issue this agent a successor of the key that this call shows, which still works for an hour."""
    found = rotate.rotate_key(caller=caller_of(request), request_key=idempotency_key(request))
    shown = {"bearer": found.key, "expires_at": wire(found.expires_at)}
    return told({"key": shown, "former_until": wire(found.former_until)}, 201)


@router.post("keys/revoke/", operation_id="revoke_key", auth=authenticated, response=KeyEnded)
def revoke_key(request: HttpRequest, payload: NothingPayload = _NOTHING) -> HttpResponse:
    """End the key that this call shows, now. Nobody can take it back."""
    ended = rotate.give_up_key(caller=caller_of(request))
    return told({"prefix": ended.prefix, "revoked_at": None if ended.revoked_at is None else wire(ended.revoked_at)})


def _hash(call: str, payload: Closed) -> bytes:
    """Of the body as it was sent: a default that is spelled out makes another body."""
    return digest({"call": call, "body": payload.model_dump(exclude_unset=True)})


def _shown(ticket: Ticket) -> dict[str, Any]:
    keys = dict(ActionType.objects.filter(pk__in=ticket.action_types).values_list("pk", "key"))
    return {
        "id": str(ticket.pk),
        "child": str(ticket.child_id),
        "action_types": [keys[each] for each in ticket.action_types],
        "issued_at": wire(ticket.issued_at),
        "expires_at": wire(ticket.expires_at),
        "ended_at": None if ticket.revoked_at is None else wire(ticket.revoked_at),
        "delegation": None if ticket.via_id is None else str(ticket.via_id),
    }
