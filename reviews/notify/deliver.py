"""The verb that sends: at least once, in small batches, any number of workers at a time.

A channel is claimed by moving its `due_at` on, which commits before anything is sent. So whoever dies while sending
leaves it to another, who sends it again under the same name; nobody holds a row while waiting for another machine.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation

from governance.actors import OPERATOR
from governance.locks import database_now
from reviews.models import Channel, Delivery, DeliveryState, NoticeKind, Why
from reviews.notify import audience, clock, mail, needed, people, slack
from reviews.notify.failed import Failed
from reviews.notify.people import Told
from reviews.notify.post import notify
from reviews.notify.words import message_of

BATCH = 4
# Longer than a whole batch takes that waits for a machine which does not answer.
LEASE = timedelta(minutes=3)
_RANDOM = secrets.SystemRandom()


def deliver_due(*, seconds: float = 40.0) -> int:
    """Send what is due until nothing is, or the time is over; the next round does the rest. How many were sent."""
    until, sent = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        claimed, looked_at = _claim()
        sent += _send_all(claimed)
        if not looked_at:
            break
    return sent


@transaction.atomic
def _claim() -> tuple[list[tuple[Delivery, Told]], int]:
    """Take what is due: what need not ring is left out, what is held waits, the rest is claimed. How many it was."""
    now = database_now()
    due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=DeliveryState.WAITING, due_at__lte=now
    )
    found = list(due.select_related(*_WITH).order_by("due_at")[:BATCH])
    known = people.read(each.notice.person_id for each in found)
    claimed = []
    for delivery in found:
        told = known[delivery.notice.person_id]
        turn = needed.turn_of(delivery, told, now)
        if turn.leave is not None:
            _end(delivery, DeliveryState.SKIPPED, turn.leave, now)
        elif turn.hold is not None:
            _wait(delivery, turn.hold, delivery.why)
        elif delivery.channel == Channel.BROWSER:
            # the console offers it from now on; an open page fetches it
            _end(delivery, DeliveryState.SENT, None, now)
        else:
            delivery.attempts += 1
            _wait(delivery, now + LEASE, delivery.why)
            claimed.append((delivery, told))
    return claimed, len(found)


_WITH = ("notice__case__action__action_type", "notice__case__action__decision", "notice__alert__action_type")


def _send_all(claimed: list[tuple[Delivery, Told]]) -> int:
    """Send one after the other; what a channel in trouble still has is put off with it, without a try."""
    sent, trouble = 0, dict[str, Failed]()
    for delivery, told in claimed:
        failed = trouble.get(delivery.channel)
        if failed is not None:
            _put_off(delivery, failed)
            continue
        try:
            _SEND[delivery.channel](delivery, told)
        except Failed as why:
            if why.why in (Why.BUSY, Why.SLOW, Why.UNREACHABLE):
                trouble[delivery.channel] = why
            _failed(delivery, why)
        else:
            sent += 1
            _conclude(delivery, DeliveryState.SENT, None)
    return sent


def _by_mail(delivery: Delivery, told: Told) -> None:
    with translation.override(told.language):
        mail.send(message_of(delivery.notice, told), to=told.mail, name=delivery.pk)


def _by_slack(delivery: Delivery, told: Told) -> None:
    with translation.override(told.language):
        slack.send(message_of(delivery.notice, told), to=told.slack_member, name=delivery.pk)


_SEND: dict[str, Callable[[Delivery, Told], None]] = {Channel.EMAIL: _by_mail, Channel.SLACK: _by_slack}


def _failed(delivery: Delivery, failed: Failed) -> None:
    if failed.final or delivery.attempts >= clock.MOST_ATTEMPTS:
        _conclude(delivery, DeliveryState.DEAD, failed.why)
        return
    seconds = clock.pause(delivery.attempts, _RANDOM.random(), failed.wait)
    _again(delivery, seconds, failed.why, delivery.attempts)


def _put_off(delivery: Delivery, failed: Failed) -> None:
    """Another message met the trouble: this one was not tried."""
    _again(delivery, clock.pause(1, _RANDOM.random(), failed.wait), failed.why, delivery.attempts - 1)


@transaction.atomic
def _again(delivery: Delivery, seconds: float, why: Why, attempts: int) -> None:
    if _still_mine(delivery):
        delivery.attempts = attempts
        _wait(delivery, database_now() + timedelta(seconds=seconds), why)


@transaction.atomic
def _conclude(delivery: Delivery, state: DeliveryState, why: Why | None) -> None:
    """Write down how it ended; operators are told of a dead letter once an hour, though never of that message."""
    if not _still_mine(delivery):
        return
    now = database_now()
    _end(delivery, state, why, now)
    if state is DeliveryState.DEAD and delivery.notice.kind != NoticeKind.DEAD_LETTER:
        operators = audience.overseers(OPERATOR, most=settings.PLACET_NOTICE_MOST)
        notify(NoticeKind.DEAD_LETTER, to=operators, subject=f"dead:{delivery.channel}:{now:%Y-%m-%dT%H}")


def _still_mine(delivery: Delivery) -> bool:
    """Whether nobody took it over meanwhile: then that one says how it ended."""
    held = Delivery.objects.select_for_update().filter(
        pk=delivery.pk, state=DeliveryState.WAITING, attempts=delivery.attempts
    )
    return held.exists()


def _end(delivery: Delivery, state: DeliveryState, why: Why | None, now: datetime) -> None:
    delivery.state, delivery.why, delivery.ended_at = state.value, why.value if why else "", now
    delivery.save(update_fields=["state", "why", "ended_at"])


def _wait(delivery: Delivery, until: datetime, why: str) -> None:
    delivery.due_at, delivery.why = until, why
    delivery.save(update_fields=["due_at", "why", "attempts"])
