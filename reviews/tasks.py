"""What workers do when a bell rings or the beat comes round. Nothing depends on it: rows say what is due."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from celery import shared_task

from governance.day_keys import ensure_day_key
from governance.locks import database_now
from governance.mend import mend_due
from governance.problems import Problem
from reviews import sample, sweep, verify
from reviews.bell import Bell, ring
from reviews.models import Escalation, EscalationState
from reviews.notify import deliver, digests, rounds


@shared_task(name=Bell.VERIFY.value)  # type: ignore[untyped-decorator]
def verify_case(escalation_id: str) -> None:
    """Read the record of a case ahead of its reviewer, once."""
    waiting = Escalation.objects.filter(pk=UUID(escalation_id), state=EscalationState.OPEN, snapshot=None)
    if waiting.exists():
        with suppress(Problem):  # it was closed meanwhile
            verify.verify(UUID(escalation_id))


@shared_task(name="reviews.ring_unread")  # type: ignore[untyped-decorator]
def ring_unread() -> None:
    for case in sweep.unread():
        ring(Bell.VERIFY, case)


@shared_task(name="reviews.expire")  # type: ignore[untyped-decorator]
def expire() -> None:
    sweep.expire_due()


@shared_task(name="reviews.abandon")  # type: ignore[untyped-decorator]
def abandon() -> None:
    sweep.abandon_overdue()


@shared_task(name="reviews.lapse")  # type: ignore[untyped-decorator]
def lapse() -> None:
    sweep.lapse_unused()


@shared_task(name="reviews.mend_policies")  # type: ignore[untyped-decorator]
def mend_policies() -> None:
    mend_due()


@shared_task(name="reviews.forget_keys")  # type: ignore[untyped-decorator]
def forget_keys() -> None:
    while sweep.forget_keys() == sweep.BATCH:
        pass


@shared_task(name="reviews.draw")  # type: ignore[untyped-decorator]
def draw() -> None:
    sample.draw_due()


@shared_task(name="reviews.day_key")  # type: ignore[untyped-decorator]
def day_key() -> None:
    """Commit to tomorrow's secret before tomorrow begins."""
    ensure_day_key((database_now() + timedelta(hours=1)).date())


@shared_task(name="reviews.tell")  # type: ignore[untyped-decorator]
def tell() -> None:
    """What happened becomes notices."""
    rounds.tell_due()


@shared_task(name=Bell.NOTIFY.value)  # type: ignore[untyped-decorator]
def deliver_notices() -> None:
    deliver.deliver_due()


@shared_task(name="reviews.digests")  # type: ignore[untyped-decorator]
def write_digests() -> None:
    digests.write_due()
