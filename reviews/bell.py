"""Rings for a worker after the commit. A lost ring loses nothing: the rows say what is due, the sweep looks."""

from __future__ import annotations

import time
from enum import StrEnum
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

# How long a process that found no broker rings for nobody, in seconds: whoever waits for an answer does not wait for
# that as well, and the sweep finds what was not rung.
SILENCE = 5.0
_silent_until = 0.0


class Bell(StrEnum):
    """Names of the tasks that something rings for; `reviews.tasks` answers."""

    VERIFY = "reviews.verify_case"
    NOTIFY = "reviews.deliver"


def ring(bell: Bell, *ids: UUID) -> None:
    """Send for a worker once this transaction has committed. A broker that is down is logged, never raised."""
    arguments = [str(each) for each in ids]

    def send() -> None:
        global _silent_until
        if time.monotonic() < _silent_until:
            return
        try:
            current_app.send_task(bell.value, arguments, ignore_result=True)
        except OperationalError:
            _silent_until = time.monotonic() + SILENCE
            raise

    transaction.on_commit(send, robust=True)
