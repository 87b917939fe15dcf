"""READ whether a channel of a notice is still needed: asked when its turn comes, not when the notice was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reviews.cases import due_at
from reviews.models import AlertKind, Delivery, DeliveryState, Escalation, EscalationState, Notice, NoticeKind, Why
from reviews.notify.audience import is_judge
from reviews.notify.clock import quiet_until
from reviews.notify.people import Told

# These are meant for whoever holds the case; of the others nobody needs one while somebody does.
_FOR_THE_HOLDER = frozenset({NoticeKind.CASE_LATE.value, NoticeKind.CASE_HANDED.value})
_DIGEST_LASTS = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a channel whose turn it is: left out for a reason, held until a moment, or neither: it rings."""

    leave: Why | None = None
    hold: datetime | None = None


RING = Turn()


def turn_of(delivery: Delivery, told: Told, now: datetime) -> Turn:
    """What becomes of this channel now."""
    notice = delivery.notice
    if not told.active:
        return Turn(leave=Why.LEFT)
    if delivery.channel not in told.channels:
        return Turn(leave=Why.OFF)
    due = None
    if notice.case is not None:
        due = due_at(notice.case, now)
        leave = _of_case(notice, notice.case, due, now)
    else:
        leave = _of_others(notice, now)
    if leave is not None:
        return Turn(leave=leave)
    return Turn(hold=_held(notice, told, due, now))


def _of_case(notice: Notice, case: Escalation, due: datetime, now: datetime) -> Why | None:
    if case.state != EscalationState.OPEN:
        return Why.CLOSED
    if due <= now:
        return Why.OVER
    holder = case.taken_by_id if case.taken_until is not None and case.taken_until > now else None
    if holder is not None and not (holder == notice.person_id and notice.kind in _FOR_THE_HOLDER):
        return Why.TAKEN
    if not is_judge(case, notice.person_id):
        return Why.LEFT
    later = Notice.objects.filter(person=notice.person_id, case=case, created_at__gt=notice.created_at)
    return Why.OVERTAKEN if later.exists() else None


def _of_others(notice: Notice, now: datetime) -> Why | None:
    if notice.alert is not None:
        return Why.SEEN if notice.alert.acknowledged_at is not None else None
    if notice.kind == NoticeKind.DIGEST:
        return Why.OVER if notice.created_at <= now - _DIGEST_LASTS else None
    return None if Delivery.objects.filter(state=DeliveryState.DEAD).exists() else Why.OVER


def _held(notice: Notice, told: Told, due: datetime | None, now: datetime) -> datetime | None:
    """The end of the quiet hours, unless it is a halt or a case that would have expired by then."""
    until = quiet_until(now, told.zone, *told.quiet)
    if until is None or (due is not None and due <= until):
        return None
    return None if notice.alert is not None and notice.alert.kind == AlertKind.HALT else until
