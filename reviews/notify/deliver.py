"""The verb that sends: at least once, in small batches, any number of workers at a time.

A letter is claimed by moving the `due_at` of what is in it on, which commits before anything is sent. So whoever dies
while sending leaves it to another, who sends it again under the same name; nobody holds a row while waiting for another
machine.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation

from governance.actors import OPERATOR
from governance.locks import database_now
from reviews.models import Channel, Delivery, DeliveryState, NoticeKind, Why
from reviews.notify import audience, clock, letters, mail, slack
from reviews.notify.failed import Failed
from reviews.notify.letters import Letter
from reviews.notify.post import notify
from reviews.notify.words import letter_of

_RANDOM = secrets.SystemRandom()


def deliver_due(*, seconds: float = 40.0) -> int:
    """Send what is due until nothing is, or the time is over; the next round does the rest. How many letters went."""
    until, sent = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        claimed, looked_at = letters.claim()
        sent += _send_all(claimed)
        if not looked_at:
            break
    return sent


def _send_all(claimed: list[Letter]) -> int:
    """Send one after the other; what a channel in trouble still has is put off with it, without a try."""
    sent, trouble = 0, dict[str, Failed]()
    for letter in claimed:
        failed = trouble.get(letter.channel)
        if failed is not None:
            _put_off(letter, failed)
            continue
        try:
            _SEND[letter.channel](letter)
        except Failed as why:
            if why.why in (Why.BUSY, Why.SLOW, Why.UNREACHABLE):
                trouble[letter.channel] = why
            _failed(letter, why)
        else:
            sent += 1
            _conclude(letter, DeliveryState.SENT, None)
    return sent


def _by_mail(letter: Letter) -> None:
    with translation.override(letter.told.language):
        mail.send(letter_of(letter.notices, letter.told), to=letter.told.mail, name=letter.name)


def _by_slack(letter: Letter) -> None:
    with translation.override(letter.told.language):
        slack.send(letter_of(letter.notices, letter.told), to=letter.told.slack_member, name=letter.name)


_SEND: dict[str, Callable[[Letter], None]] = {Channel.EMAIL: _by_mail, Channel.SLACK: _by_slack}


def _failed(letter: Letter, failed: Failed) -> None:
    if failed.final or letter.attempts >= clock.MOST_ATTEMPTS:
        _conclude(letter, DeliveryState.DEAD, failed.why)
        return
    seconds = clock.pause(letter.attempts, _RANDOM.random(), failed.wait)
    _again(letter, seconds, failed.why, letter.attempts)


def _put_off(letter: Letter, failed: Failed) -> None:
    """Another letter met the trouble: this one was not tried."""
    _again(letter, clock.pause(1, _RANDOM.random(), failed.wait), failed.why, letter.attempts - 1)


@transaction.atomic
def _again(letter: Letter, seconds: float, why: Why, attempts: int) -> None:
    mine = [each.pk for each in _still_mine(letter)]
    due = database_now() + timedelta(seconds=seconds)
    Delivery.objects.filter(pk__in=mine).update(attempts=attempts, due_at=due, why=why.value)


@transaction.atomic
def _conclude(letter: Letter, state: DeliveryState, why: Why | None) -> None:
    """Write down how it ended; operators are told of a dead letter once an hour, though never of that message."""
    mine = _still_mine(letter)
    now = database_now()
    letters.end(mine, state, why, now)
    if state is DeliveryState.DEAD and any(each.notice.kind != NoticeKind.DEAD_LETTER for each in mine):
        operators = audience.overseers(OPERATOR, most=settings.PLACET_NOTICE_MOST)
        notify(NoticeKind.DEAD_LETTER, to=operators, subject=f"dead:{letter.channel}:{now:%Y-%m-%dT%H}")


def _still_mine(letter: Letter) -> list[Delivery]:
    """What of it nobody took over meanwhile: of the rest that one says how it ended."""
    held = Delivery.objects.select_for_update(of=("self",)).select_related("notice").filter(
        pk__in=[each.pk for each in letter.deliveries], state=DeliveryState.WAITING, letter=letter.name,
        attempts=letter.attempts,
    )  # fmt: skip
    return list(held.order_by("pk"))
