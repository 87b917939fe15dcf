"""READ what people were told: what an open browser has yet to show, somebody's own messages, dead letters."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from governance.locks import database_now
from reviews import rows
from reviews.models import Channel, Delivery, DeliveryState, Notice, Occasion
from reviews.notify import people
from reviews.notify.words import Message, message_of

LISTED = 50
_SHOWN = 5
# A worker goes round every five seconds and leaves nothing due behind.
SILENT = dt.timedelta(minutes=2)

# Told in the last ten minutes and nobody has taken care of it: one range of an index.
_FRESH = """
select n.id from reviews_notice n
  join reviews_delivery d on d.notice_id = n.id and d.channel = 'browser' and d.state = 'sent'
    and d.ended_at > clock_timestamp() - interval '10 minutes'
  left join reviews_escalation e on e.id = n.case_id
  left join reviews_alert a on a.id = n.alert_id
  where n.person_id = %s and n.created_at > clock_timestamp() - interval '2 days'
    and (e.id is null or (e.state = 'open' and (e.taken_until is null or e.taken_until <= clock_timestamp())))
    and a.acknowledged_at is null
  order by n.created_at desc, n.id limit %s
"""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What an open page that nobody looks at may show. `tag` changes with it."""

    notices: tuple[UUID, ...]
    tag: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message and what became of each channel: (channel, state, why, when), in words."""

    message: Message
    created_at: dt.datetime
    channels: tuple[tuple[str, str, str, dt.datetime], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that could not be delivered, to whom, and why."""

    id: UUID
    person: str
    kind: str
    channel: str
    why: str
    attempts: int
    ended_at: dt.datetime


def fresh(person: int) -> Fresh:
    """What is to be shown now, in one query."""
    found = tuple(row["id"] for row in rows.fetch(_FRESH, [person, _SHOWN]))
    tag = hashlib.sha256(b"".join(each.bytes for each in sorted(found))).hexdigest()[:16]
    return Fresh(found, tag)


def messages(person: int, notices: tuple[UUID, ...]) -> list[tuple[UUID, Message]]:
    """These messages of a person in their words, the latest first."""
    told = people.read([person])[person]
    found = _with_words(Notice.objects.filter(pk__in=notices, person=person))
    return [(notice.pk, message_of(notice, told)) for notice in found]


def lines(person: int) -> list[Line]:
    """The latest messages to a person."""
    told = people.read([person])[person]
    ordered = Prefetch("deliveries", Delivery.objects.order_by("due_at"))
    found = _with_words(Notice.objects.filter(person=person)).prefetch_related(ordered)[:LISTED]
    return [Line(message_of(notice, told), notice.created_at, tuple(map(_channel, notice.deliveries.all())))
            for notice in found]  # fmt: skip


def dead() -> tuple[list[Letter], dt.datetime]:
    """The latest messages that could not be delivered, and the time by the database."""
    found = Delivery.objects.filter(state=DeliveryState.DEAD).select_related("notice__person").order_by("-ended_at")
    return [_letter(each) for each in found[:LISTED]], database_now()


def waiting_since() -> dt.datetime | None:
    """Since when somebody should have been told of something: no worker goes round. None while one does."""
    oldest = Occasion.objects.filter(due_at__lt=database_now() - SILENT).order_by("due_at")
    return oldest.values_list("due_at", flat=True).first()


def any_dead() -> bool:
    """Whether any message could not be delivered."""
    return Delivery.objects.filter(state=DeliveryState.DEAD).exists()


def _with_words(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    related = ("case__action__action_type", "case__action__decision", "alert__action_type")
    return notices.select_related(*related).order_by("-created_at", "pk")


def _channel(delivery: Delivery) -> tuple[str, str, str, dt.datetime]:
    words = (delivery.get_channel_display(), delivery.get_state_display(), delivery.get_why_display())
    return (*map(str, words), delivery.ended_at or delivery.due_at)  # type: ignore[return-value]


def _letter(delivery: Delivery) -> Letter:
    return Letter(
        id=delivery.pk,
        person=delivery.notice.person.get_username(),
        kind=str(delivery.notice.get_kind_display()),
        channel=str(Channel(delivery.channel).label),
        why=str(delivery.get_why_display()),
        attempts=delivery.attempts,
        ended_at=delivery.ended_at or delivery.due_at,
    )
