"""The verbs of delegation: an agent lets another one act for it for a while, and ends that."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q

from governance import locks, record
from governance.actors import By, actor_of, require_council
from governance.authenticate import Caller
from governance.fit import require_fit
from governance.guards import told
from governance.models import Agent, AgentState, Ticket
from governance.problems import Code, Problem
from governance.sub_agents import permitted

SHORTEST, LONGEST = 60, 24 * 3600
MOST_IN_FORCE = 256


@told()
@transaction.atomic
def issue_ticket(
    *,
    caller: Caller,
    child: str,
    action_types: Sequence[str],
    seconds: int,
    via: UUID | None = None,
    request_key: str,
    request_hash: bytes,
) -> Ticket:
    """Let `child` (an agent's id or name) act for the caller in these action types for 60 s to 24 h.

    The child is shared by the council, or registered below the caller. `via` is the ticket under which the caller
    acts itself: the new one ends with it and reaches no further. Problems: FORBIDDEN (not active, a type that the
    caller may not use, 256 in force), HALTED, NOT_FOUND (no such agent to delegate to), DELEGATION_INVALID (`via`),
    ABOVE_PARENT (a cycle, a ninth link), IDEMPOTENCY_BODY_CHANGED.
    """
    now = locks.share_authority()
    locks.hold_chains()
    known = Ticket.objects.filter(parent_id=caller.agent, request_key=request_key).first()
    if known is not None:
        return _again(known, request_hash)
    require_fit(caller.agent)
    parent = Agent.objects.get(pk=caller.agent)
    types = permitted(parent, action_types)
    found = _child(parent, child)
    ends = now + timedelta(seconds=min(max(seconds, SHORTEST), LONGEST))
    if via is not None:
        ends = min(ends, _resting_on(via, parent, [each.pk for each in types], now))
    _refuse_crowd(parent, now)
    ticket = Ticket.objects.create(
        parent=parent,
        child=found,
        via_id=via,
        action_types=[each.pk for each in types],
        issued_at=now,
        expires_at=ends,
        request_key=request_key,
        request_hash=request_hash,
    )
    body = {
        **_terms(ticket),
        "action_types": [each.key for each in types],
        "via": None if via is None else str(via),
        "expires_at": ends.isoformat(),
    }
    record.append(event=record.Event.DELEGATED, actor=f"agent:{parent.pk}", body=body)
    return ticket


@told()
@transaction.atomic
def end_ticket(ticket: UUID, *, by: Caller | By) -> Ticket:
    """End a delegation now, also for decisions under way, with every one that rests on it. Ending twice is one end.

    By the agent that gave it, its owner, or the council. Problems: NOT_FOUND (also for another agent), FORBIDDEN.
    """
    if isinstance(by, Caller):
        # a ticket's giver never changes, and an end stays: nobody is held up by whoever ends what cannot be ended
        known = Ticket.objects.filter(pk=ticket, parent_id=by.agent).first()
        if known is None:
            raise Problem(Code.NOT_FOUND, "This agent gave no such delegation.")
        if known.revoked_at is not None:
            return known
    # before any row: decisions hold it shared, so the end stands wholly before or wholly after each of them
    now = locks.hold_authority()
    stored = Ticket.objects.select_for_update(of=("self",)).select_related("parent").filter(pk=ticket).first()
    if stored is None or (isinstance(by, Caller) and stored.parent_id != by.agent):
        raise Problem(Code.NOT_FOUND, "This agent gave no such delegation.")
    actor = f"agent:{by.agent}" if isinstance(by, Caller) else _answerable(stored, by)
    if stored.revoked_at is not None:
        return stored
    stored.revoked_at = now
    stored.save(update_fields=["revoked_at"])
    record.append(event=record.Event.DELEGATION_ENDED, actor=actor, body=_terms(stored))
    return stored


def _again(known: Ticket, request_hash: bytes) -> Ticket:
    if not hmac.compare_digest(bytes(known.request_hash), request_hash):
        raise Problem(Code.IDEMPOTENCY_BODY_CHANGED, "This Idempotency-Key was used with another body.")
    return known


def _refuse_crowd(parent: Agent, now: datetime) -> None:
    if Ticket.objects.filter(parent=parent, revoked_at=None, expires_at__gt=now).count() >= MOST_IN_FORCE:
        raise Problem(Code.FORBIDDEN, f"An agent has at most {MOST_IN_FORCE} delegations in force: end some of them.")


def _child(parent: Agent, named: str) -> Agent:
    """Who is named, if the caller may delegate to it: nobody learns which other agents there are."""
    whom = Q(name__iexact=named)
    with suppress(ValueError):
        whom = Q(pk=UUID(named))
    fit = Q(shared=True) | Q(parent=parent)
    found = Agent.objects.filter(whom & fit, state=AgentState.ACTIVE).exclude(pk=parent.pk).first()
    if found is None:
        raise Problem(
            Code.NOT_FOUND,
            "There is no such agent to delegate to.",
            fields=(("/child", "It is not shared, not active, or does not exist."),),
        )
    return found


def _resting_on(via: UUID, parent: Agent, types: Sequence[int], now: datetime) -> datetime:
    """When the ticket ends under which the caller acts itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select bool_and(placet_ticket_stands(%s, %s, t, %s)) from unnest(%s::bigint[]) t",
            [via, parent.pk, now, list(types)],
        )
        stands = cursor.fetchone()[0]
    if not stands:
        sentence = "This agent has no delegation of this id that is in force and covers these action types."
        raise Problem(Code.DELEGATION_INVALID, sentence, fields=(("/delegation", sentence),))
    return Ticket.objects.values_list("expires_at", flat=True).get(pk=via)


def _answerable(ticket: Ticket, by: By) -> str:
    if isinstance(by, User) and by.is_active and by.pk == ticket.parent.owner_id:
        return actor_of(by)
    return require_council(by)


def _terms(ticket: Ticket) -> dict[str, object]:
    return {"ticket": str(ticket.pk), "parent": str(ticket.parent_id), "child": str(ticket.child_id)}
