"""The verb that notes which facts were handed to whom, and the question it answers: was there time to read them?"""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from governance import record
from governance.problems import Code, Problem
from reviews import rows
from reviews.material import Material

_SEEN = """
  select readable_at from reviews_showing where escalation_id = %(case)s and reviewer_id = %(reviewer)s
    and consent = %(consent)s
"""
_SHOWN = """
  with seen as materialized ({seen}), made as (
    insert into reviews_showing (escalation_id, reviewer_id, consent, checks, shown_at, readable_at)
    select %(case)s::uuid, %(reviewer)s::int, %(consent)s::bytea, %(checks)s::smallint, t,
      t + make_interval(secs => %(wait)s::float8)
      from clock_timestamp() t where not exists (select from seen)
    on conflict do nothing returning readable_at)
  select readable_at, true as made from made union all select readable_at, false from seen
""".replace("{seen}", _SEEN)


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
    return _note(case, reviewer, material, wait)


def require_read(case: UUID, *, reviewer: User, material: Material, now: datetime) -> None:
    """Problem NOT_READ_YET, with the seconds that are left, unless these facts lay before them long enough."""
    wait = seconds_to_read(material)
    if not wait:
        return
    seen = rows.fetch(_SEEN, _of(case, reviewer, material))
    left = ceil((seen[0]["readable_at"] - now).total_seconds()) if seen else wait
    if not seen or left > 0:
        raise Problem(Code.NOT_READ_YET, "Take a moment to read the facts.", retry_after=max(1, left))


def _of(case: UUID, reviewer: User, material: Material) -> dict[str, Any]:
    return {"case": case, "reviewer": reviewer.pk, "consent": bytes.fromhex(material.digest)}


@transaction.atomic
def _note(case: UUID, reviewer: User, material: Material, wait: int) -> datetime:
    values = _of(case, reviewer, material)
    found = rows.fetch(_SHOWN, {**values, "checks": material.checks, "wait": wait})
    if not found:  # the same page in another window, at this very moment
        found = rows.fetch(_SEEN, values)
    elif found[0]["made"]:
        body = {"escalation": str(case), "consent": material.digest, "checks": material.checks}
        record.append(event=record.Event.CASE_SHOWN, actor=f"user:{reviewer.get_username()}", body=body)
    readable_at: datetime = found[0]["readable_at"]
    return readable_at
