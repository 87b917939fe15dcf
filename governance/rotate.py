"""The verbs by which an agent changes its own key: it issues itself a successor, and it gives a key up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Manager, Q, QuerySet

from governance import locks, record
from governance.authenticate import KEY_LIFE, Caller, new_key
from governance.fit import require_fit
from governance.guards import told
from governance.models import AgentKey
from governance.problems import Code, Problem
from governance.register import end_key

# How long the old key still works, so that every process of the agent gets to know the new one.
OVERLAP = timedelta(hours=1)

_USED = "select exists (select 1 from governance_keyuse where key_id = %s)"

_Keys = Manager[AgentKey] | QuerySet[AgentKey]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A successor, its key said this once, and until when the old key still works."""

    key: str
    expires_at: datetime
    former_until: datetime


@told()
@transaction.atomic
def rotate_key(*, caller: Caller, request_key: str) -> Rotated:
    """Issue the caller a successor of the key that it shows; the old one ends in an hour at the latest.

    It lives for a year, not beyond the date that a person set for the first of its line, and never longer than the keys
    of the agent above. The same request again, while nobody used the successor, puts another one in its place.
    Problems: UNAUTHENTICATED (the key is no longer live), FORBIDDEN (not active), HALTED, WRONG_STATE (it has a
    successor; the answer of this request is in use; with `retry_after`: the key before it is still live).
    """
    # looked at before: who gets no key holds up no decision
    _asked(caller, request_key, locks.database_now(), AgentKey.objects)
    # two keys change their end, which ends decisions under way: alone, like every narrowing
    now = locks.hold_authority()
    # whoever uses the lost one for the first time waits for its row, or has written before
    own, lost = _asked(caller, request_key, now, AgentKey.objects.select_for_update())
    if lost is not None:
        lost.revoked_at = now
        lost.save(update_fields=["revoked_at"])
    ends = _end(own, now) if lost is None or lost.expires_at is None else lost.expires_at
    key, prefix, digest = new_key()
    row = AgentKey.objects.create(
        agent_id=own.agent_id,
        prefix=prefix,
        digest=digest,
        created_at=now,
        expires_at=ends,
        ends_by=own.ends_by,
        replaces=own,
        issued_by_id=own.issued_by_id,
        request_key=request_key,
    )
    until = _shorten(own, now)
    _recorded(row, ends, until, lost)
    return Rotated(key, ends, until)


@transaction.atomic
def give_up_key(*, caller: Caller) -> AgentKey:
    """End the key that the caller shows, now, also for decisions under way, whatever else is halted.

    Problem UNAUTHENTICATED when it is no longer live.
    """
    now = locks.hold_authority()
    return end_key(_own(caller, now), at=now, actor=f"agent:{caller.agent}")


def _asked(caller: Caller, request_key: str, now: datetime, keys: _Keys) -> tuple[AgentKey, AgentKey | None]:
    """The key that the caller shows, and its successor if the answer with it was lost."""
    own = _own(caller, now)
    require_fit(own.agent_id)
    given = keys.filter(agent=own.agent_id, request_key=request_key).order_by("pk").last()
    if given is not None:
        if given.replaces_id != own.pk or given.revoked_at is not None or _used(given):
            raise Problem(Code.WRONG_STATE, "The key that this request was answered with is in use, or was revoked.")
        return own, given
    if own.successors.exists():
        raise Problem(Code.WRONG_STATE, "This key has a successor.")
    former = own.replaces
    if former is not None and former.expires_at is not None and former.revoked_at is None and former.expires_at > now:
        wait = int((former.expires_at - now).total_seconds()) + 1
        raise Problem(Code.WRONG_STATE, "The key before this one still works: there are never three.", retry_after=wait)
    return own, None


def _own(caller: Caller, now: datetime) -> AgentKey:
    live = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    own = AgentKey.objects.select_related("agent", "replaces").filter(live, digest=caller.digest).first()
    if own is None:
        raise Problem(Code.UNAUTHENTICATED, "A live agent key is needed.")
    return own


def _used(key: AgentKey) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_USED, [key.pk])
        return bool(cursor.fetchone()[0])


def _end(own: AgentKey, now: datetime) -> datetime:
    ends = [now + KEY_LIFE]
    if own.ends_by is not None:
        ends.append(own.ends_by)
    if own.agent.parent_id is not None:
        live = AgentKey.objects.filter(agent=own.agent.parent_id, revoked_at=None)
        above = [each for each in live.values_list("expires_at", flat=True) if each is None or each > now]
        # where nobody above has a key any more, it gets no longer life than it has
        ends.append(max((each or ends[0] for each in above), default=own.expires_at or ends[0]))
    return min(ends)


def _shorten(own: AgentKey, now: datetime) -> datetime:
    """Let the old key end soon; a second answer to the same request gives it no more time."""
    if own.expires_at is None or own.expires_at > now + OVERLAP:
        own.expires_at = now + OVERLAP
        own.save(update_fields=["expires_at"])
    return own.expires_at


def _recorded(row: AgentKey, ends: datetime, until: datetime, lost: AgentKey | None) -> None:
    body = {
        "agent": str(row.agent_id),
        "key": row.pk,
        "prefix": row.prefix,
        "expires_at": ends.isoformat(),
        "follows": row.replaces_id,
        "former_until": until.isoformat(),
        "replaces": None if lost is None else lost.pk,
    }
    record.append(event=record.Event.KEY_ISSUED, actor=f"agent:{row.agent_id}", body=body)
