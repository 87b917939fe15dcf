"""The verb that takes what is due: what waits for one person on one channel goes as one letter.

A new message waits a little for company (`PLACET_NOTICE_GATHER`), so that a flood of cases is one letter, not as many.
Nothing joins a letter that was tried: whoever sends it again sends what was sent under that name, or less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from governance.locks import database_now, try_letters
from reviews.models import Channel, Delivery, DeliveryState, Notice, NoticeKind, Why
from reviews.notify import needed, people
from reviews.notify.people import Told

BATCH = 4
# Longer than a whole batch takes that waits for a machine which does not answer.
LEASE = timedelta(minutes=3)
# The first of so many lines of people and channels are looked at for a batch: others may be busy with some.
_LOOKED = 32
# So many messages go as one letter, of which it names the first ones and counts the others.
_MOST = 500
_WITH = ("notice__case__action__action_type", "notice__case__action__decision", "notice__alert__action_type")


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to one person over one channel in one message. `name` is what the other side may know it by."""

    name: UUID
    told: Told
    deliveries: tuple[Delivery, ...]

    @property
    def channel(self) -> str:
        return self.deliveries[0].channel

    @property
    def notices(self) -> list[Notice]:
        return [each.notice for each in self.deliveries]

    @property
    def attempts(self) -> int:
        """The tries so far, this one too: what goes together was tried together."""
        return self.deliveries[0].attempts


@transaction.atomic
def claim() -> tuple[list[Letter], int]:
    """Take what is due: what need not ring is left out, what is held waits, the rest is claimed. How many it was."""
    now, looked_at = database_now(), 0
    letters: list[Letter] = []
    for person, channel in _lines(now):
        # whoever holds it takes all that is due of this line
        if len(letters) < BATCH and try_letters(f"{person} {channel}"):
            told = people.read([person])[person]
            together = _together(person, channel, now)
            looked_at += len(together)
            letters += _letter([each for each in together if _rings(each, told, now)], told, now)
    return letters, looked_at


def end(deliveries: Iterable[Delivery], state: DeliveryState, why: Why | None, now: datetime) -> None:
    """Write down how these ended."""
    ended = Delivery.objects.filter(pk__in=[each.pk for each in deliveries])
    ended.update(state=state.value, why=why.value if why else "", ended_at=now)


def _lines(now: datetime) -> Iterable[tuple[int, str]]:
    """Each person and channel for whom something is due, who waited longest first."""
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=now)
    lines = due.values("notice__person_id", "channel").annotate(first=Min("due_at")).order_by("first")
    return [(each["notice__person_id"], each["channel"]) for each in lines[:_LOOKED]]


def _together(person: int, channel: str, now: datetime) -> list[Delivery]:
    """What goes with the first that is due: the rest of its letter, or what is new and still waits for company."""
    waiting = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=DeliveryState.WAITING, channel=channel, notice__person_id=person
    )
    waiting = waiting.select_related(*_WITH).order_by("due_at", "pk")
    head = waiting.filter(due_at__lte=now).first()
    if head is None:
        return []
    if head.letter is not None:
        return list(waiting.filter(letter=head.letter))
    if head.notice.kind == NoticeKind.DIGEST:
        return [head]
    soon = now + timedelta(seconds=settings.PLACET_NOTICE_GATHER)
    return list(waiting.filter(letter=None, due_at__lte=soon).exclude(notice__kind=NoticeKind.DIGEST)[:_MOST])


def _rings(delivery: Delivery, told: Told, now: datetime) -> bool:
    """Whether it is still needed and may ring now; if not, that is written down."""
    turn = needed.turn_of(delivery, told, now)
    if turn.leave is not None:
        end([delivery], DeliveryState.SKIPPED, turn.leave, now)
    elif turn.hold is not None:
        # by then other things wait with it: it begins anew
        Delivery.objects.filter(pk=delivery.pk).update(due_at=turn.hold, letter=None, attempts=0)
    return turn == needed.RING


def _letter(deliveries: list[Delivery], told: Told, now: datetime) -> list[Letter]:
    """The letter of these, which nobody else sends for a while; none where the console offers them from now on."""
    if not deliveries:
        return []
    if deliveries[0].channel == Channel.BROWSER:
        end(deliveries, DeliveryState.SENT, None, now)
        return []
    name = deliveries[0].letter or (deliveries[0].pk if len(deliveries) == 1 else uuid4())
    for delivery in deliveries:
        delivery.letter, delivery.attempts, delivery.due_at = name, delivery.attempts + 1, now + LEASE
    Delivery.objects.bulk_update(deliveries, ["letter", "attempts", "due_at"])
    return [Letter(name, told, tuple(deliveries))]
