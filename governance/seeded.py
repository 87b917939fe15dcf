"""Readings that nobody made: only a demo has them, so that its agents may act before anybody has used their tools."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from governance.locks import database_now
from governance.models import Instance, ToolReading
from governance.policy.health import READINGS, WINDOW_DAYS
from governance.problems import Code, Problem


@transaction.atomic
def seed_readings(subjects: Iterable[str]) -> None:
    """Good readings, marked as seeded, of the tools and connectors of which nothing was heard in the window.

    Problem FORBIDDEN on an instance that was not born as a demo: there a tool works its way up.
    """
    if not Instance.objects.filter(born_as_demo=True).exists():
        raise Problem(Code.FORBIDDEN, "This instance was not born as a demo: no reading is seeded here.")
    now = database_now()
    heard = ToolReading.objects.filter(read_at__gt=now - timedelta(days=WINDOW_DAYS))
    known = set(heard.values_list("tool", flat=True))
    fresh = sorted(set(subjects) - known)
    ToolReading.objects.bulk_create(
        ToolReading(tool=subject, good=True, source="seed", read_at=now) for subject in fresh for _ in range(READINGS)
    )
