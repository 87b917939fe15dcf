"""Rings for a worker after the commit. A lost ring loses nothing: the rows say what is due, the sweep looks."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from celery import current_app
from django.db import transaction


class Bell(StrEnum):
    """Names of the tasks that something rings for; `reviews.tasks` answers."""

    VERIFY = "reviews.verify_case"
    NOTIFY = "reviews.deliver"


def ring(bell: Bell, *ids: UUID) -> None:
    """Send for a worker once this transaction has committed. A broker that is down is logged, never raised."""
    arguments = [str(each) for each in ids]

    def send() -> None:
        current_app.send_task(bell.value, arguments, ignore_result=True)

    transaction.on_commit(send, robust=True)
