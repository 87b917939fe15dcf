"""The verb that notes which facts were handed to whom, and the question it answers: was there time to read them?"""

from __future__ import annotations

from datetime import datetime
from math import ceil
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from governance import record
from governance.problems import Code, Problem
from reviews import rows
from reviews.material import Material
from reviews.models import Showing

_SHOWN = """
  insert into reviews_showing (escalation_id, reviewer_id, consent, checks, shown_at, readable_at)
  select %s, %s, %s, %s, t, t + make_interval(secs => %s) from clock_timestamp() t
  on conflict do nothing returning readable_at
"""


def seconds_to_read(material: Material) -> int:
    """How long these facts lie before a person until they can be approved."""
    per_check: int = settings.PLACET_READING_SECONDS_PER_CHECK
    base: int = settings.PLACET_READING_SECONDS
    return base + per_check * material.checks


def note_shown(case: UUID, *, reviewer: User, material: Material) -> datetime | None:
    """Note that the page with exactly this was handed out, once; returns from when it can be approved.

    None where no time is asked for. The page that a person has seen before keeps its first time.
    """
    wait = seconds_to_read(material)
    if not wait:
        return None
    seen = _seen(case, reviewer, material.digest)
    return _note(case, reviewer, material, wait) if seen is None else seen.readable_at


def require_read(case: UUID, *, reviewer: User, material: Material, now: datetime) -> None:
    """Problem NOT_READ_YET, with the seconds that are left, unless these facts lay before them long enough."""
    wait = seconds_to_read(material)
    if not wait:
        return
    seen = _seen(case, reviewer, material.digest)
    left = wait if seen is None else ceil((seen.readable_at - now).total_seconds())
    if seen is None or left > 0:
        told = f"Take a moment to read the facts: Approve answers in {left} second{'s' if left != 1 else ''}."
        raise Problem(Code.NOT_READ_YET, told, retry_after=max(1, left))


def _seen(case: UUID, reviewer: User, digest: str) -> Showing | None:
    return Showing.objects.filter(escalation_id=case, reviewer=reviewer, consent=bytes.fromhex(digest)).first()


@transaction.atomic
def _note(case: UUID, reviewer: User, material: Material, wait: int) -> datetime:
    values = [case, reviewer.pk, bytes.fromhex(material.digest), material.checks, wait]
    found = rows.fetch(_SHOWN, values)
    if not found:  # the same page in another window, at this very moment
        return Showing.objects.get(escalation_id=case, reviewer=reviewer, consent=values[2]).readable_at
    body = {"escalation": str(case), "consent": material.digest, "checks": material.checks}
    record.append(event=record.Event.CASE_SHOWN, actor=f"user:{reviewer.get_username()}", body=body)
    readable_at: datetime = found[0]["readable_at"]
    return readable_at
