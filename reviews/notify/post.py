"""The verb that puts a notice into the outbox, in the transaction of what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from governance.locks import database_now
from reviews.bell import Bell, ring
from reviews.models import Alert, AlertKind, Channel, Delivery, Escalation, Notice, NoticeKind
from reviews.notify import people
from reviews.notify.people import Told


def notify(
    kind: NoticeKind,
    *,
    to: Iterable[User | int],
    case: Escalation | None = None,
    alert: Alert | None = None,
    subject: str = "",
) -> int:
    """Let people be told of a case, an alert, or what `subject` names (up to 80 ASCII letters). How many are new.

    Whoever was told of this kind of thing about this subject before is not told again. Its channels ring one after the
    other, in the order of the person, each only if nobody took care meanwhile; letters wait for company. Raises
    `RuntimeError` outside a transaction. Costs nothing of the ledger: a notice changes nothing that anybody may do.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a notice belongs into the transaction of what it is about")
    wanted = dict.fromkeys(each.pk if isinstance(each, User) else each for each in to)
    found = [told for told in people.read(wanted).values() if told.active and _channels(kind, told)]
    now, named = database_now(), subject or _subject(case, alert)
    notices = [
        Notice(id=uuid4(), kind=kind, person_id=told.id, subject=named, case=case, alert=alert, created_at=now)
        for told in found
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    # whose notice was there already keeps it: only what this statement wrote gets channels
    new = set(Notice.objects.filter(pk__in=[each.pk for each in notices]).values_list("pk", flat=True))
    Delivery.objects.bulk_create(
        delivery
        for notice, told in zip(notices, found, strict=True)
        if notice.pk in new
        for delivery in _deliveries(notice, _channels(kind, told), now)
    )
    if new:
        ring(Bell.NOTIFY)
    return len(new)


def _subject(case: Escalation | None, alert: Alert | None) -> str:
    if case is not None:
        return f"case:{case.pk}"
    if alert is None:
        raise ValueError("a notice needs a subject")
    return f"alert:{alert.pk}"


def _channels(kind: NoticeKind, told: Told) -> tuple[str, ...]:
    """A digest is one message: over the first channel that can wait to be read."""
    if kind != NoticeKind.DIGEST:
        return told.channels
    return tuple(each for each in told.channels if each != Channel.BROWSER)[:1]


def _deliveries(notice: Notice, channels: tuple[str, ...], now: dt.datetime) -> Iterable[Delivery]:
    for place, channel in enumerate(channels):
        after = timedelta(minutes=settings.PLACET_NOTICE_MINUTES[place])
        wait = timedelta(0) if channel == Channel.BROWSER else _gathers(notice, now, first=not after)
        yield Delivery(id=uuid4(), notice=notice, channel=channel, due_at=now + after + wait)


def _gathers(notice: Notice, now: dt.datetime, *, first: bool) -> timedelta:
    """How long a letter waits for company: what rings at once not at all for a halt, and a quarter of what is left."""
    whole = timedelta(seconds=settings.PLACET_NOTICE_GATHER)
    if not first:
        return whole
    if notice.alert is not None and notice.alert.kind == AlertKind.HALT:
        return timedelta(0)
    left = whole if notice.case is None else (notice.case.deadline - now) / 4
    return max(timedelta(0), min(whole, left))
