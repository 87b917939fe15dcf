"""The verb that goes round: what has happened, or is about to, becomes notices. Never on the path of a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from governance import record
from governance.locks import database_now
from reviews.cases import due_at, locked
from reviews.deadlines import raise_rank
from reviews.models import Alert, AlertKind, Escalation, EscalationState, NoticeKind, Occasion
from reviews.notify import audience
from reviews.notify.clock import moment_of
from reviews.notify.post import notify
from reviews.routing import RANKS

BY = "system:notify"
BATCH = 200
# Of the time of a case: it is new, half of it is over, three quarters are, nine tenths are.
SHARES = (0.0, 0.5, 0.75, 0.9)
KINDS = (NoticeKind.CASE_OPENED, NoticeKind.CASE_HALF, NoticeKind.CASE_ESCALATED, NoticeKind.CASE_LATE)
RAISED = KINDS.index(NoticeKind.CASE_ESCALATED)
LAST = len(SHARES) - 1
# A verdict can be withdrawn: a case closed just now may be open again.
_SETTLED = timedelta(minutes=2)


def tell_due(limit: int = BATCH) -> int:
    """Go through the occasions that are due, each in a transaction of its own. How many."""
    done = 0
    while done < limit and _tell_next():
        done += 1
    return done


@transaction.atomic
def _tell_next() -> bool:
    now = database_now()
    # whoever else goes round holds another one
    due = Occasion.objects.select_for_update(skip_locked=True, of=("self",)).filter(due_at__lte=now)
    occasion = due.order_by("due_at").first()
    if occasion is None:
        return False
    if occasion.case_id is not None:
        _tell_case(occasion, occasion.case_id, now)
    else:
        _tell_alert(occasion)
    return True


def _tell_alert(occasion: Occasion) -> None:
    """Alerts of one line ring once until somebody acknowledges them."""
    alert = occasion.alert
    if alert is not None and alert.acknowledged_at is None:
        alike = Alert.objects.filter(
            owner=alert.owner_id, kind=alert.kind, agent=alert.agent_id, action_type=alert.action_type_id,
            halt=alert.halt_id, tool=alert.tool, acknowledged_at=None,
        )  # fmt: skip
        first = alike.order_by("pk").first() or alert
        notify(NoticeKind.ALERT, to=audience.seers(alert, most=settings.PLACET_NOTICE_MOST), alert=first)
    occasion.delete()


def _tell_case(occasion: Occasion, case_id: UUID, now: datetime) -> None:
    case = Escalation.objects.select_related("action__decision", "action__agent").get(pk=case_id)
    due = due_at(case, now)
    if case.state != EscalationState.OPEN:
        recently = case.closed_at is not None and case.closed_at > now - _SETTLED
        _later(occasion, occasion.stage, now + _SETTLED) if recently else occasion.delete()
        return
    moments = [moment_of(case.opened_at, case.deadline, due, share) for share in SHARES]
    if moments[occasion.stage] > now:  # it was frozen meanwhile, or got more time
        _later(occasion, occasion.stage, moments[occasion.stage])
        return
    # whoever comes late tells only the latest
    stage = max(place for place, moment in enumerate(moments) if moment <= now)
    if stage == RAISED:
        _raise(case.pk, now)
    else:
        _tell_judges(case, stage, now)
    if stage < LAST:
        _later(occasion, stage + 1, moments[stage + 1])
        return
    _alert_expiring(case)
    occasion.delete()


def _tell_judges(case: Escalation, stage: int, now: datetime) -> None:
    """Those who could decide it; once it is taken nobody, and at the end only who holds it."""
    held = case.taken_until is not None and case.taken_until > now
    if held:
        to = [case.taken_by_id] if stage == LAST and case.taken_by_id is not None else []
    else:
        to = audience.judges(case, most=settings.PLACET_NOTICE_MOST, late=stage == LAST)
    notify(KINDS[stage], to=to, case=case)


def _raise(case_id: UUID, now: datetime) -> None:
    """Nobody of its rank took it in three quarters of its time: the next rank does, if there is anybody."""
    case = locked(case_id)
    if case.state != EscalationState.OPEN or (case.taken_until is not None and case.taken_until > now):
        return
    to = [] if case.rank >= RANKS[-1] else audience.reaching(case, rank=case.rank + 1, most=settings.PLACET_NOTICE_MOST)
    if to:
        raise_rank(case, by=BY)
        notify(NoticeKind.CASE_ESCALATED, to=to, case=case)


def _alert_expiring(case: Escalation) -> None:
    """The owner of the agent sees that what it asked for is about to be rejected by time."""
    action = case.action
    alert = Alert.objects.create(
        kind=AlertKind.CASE_EXPIRING,
        action=action,
        agent_id=action.agent_id,
        action_type_id=action.action_type_id,
        owner_id=action.agent.owner_id,
        raised_at=database_now(),
    )
    body = {"alert": alert.pk, "kind": alert.kind, "escalation": str(case.pk), "action": str(action.pk)}
    record.append(event=record.Event.ALERT_RAISED, actor=BY, body=body)


def _later(occasion: Occasion, stage: int, moment: datetime) -> None:
    occasion.stage, occasion.due_at = stage, moment
    occasion.save(update_fields=["stage", "due_at"])
