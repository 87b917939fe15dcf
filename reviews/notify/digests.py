"""The verb that writes digests: one message with counts, for whoever wants one and has something to see."""

from __future__ import annotations

from django.db import transaction

from governance.actors import REVIEWER
from governance.locks import database_now
from reviews import alerts, rows
from reviews.models import Digest, Notice, NoticeKind, Preference
from reviews.notify import people
from reviews.notify.clock import digest_of
from reviews.notify.people import Told
from reviews.notify.post import notify

COUNTED = 200

_OPEN = "select count(*) from (select 1 from reviews_escalation where state = 'open' limit %s) counted"
_JUDGES = """
select exists (select 1 from auth_user_groups m join auth_group g on g.id = m.group_id
  where m.user_id = %s and g.name = %s)::int
"""


def write_due() -> int:
    """Write the digests that are due and not empty. Whoever has no channel for one gets none. How many."""
    wanting = Preference.objects.exclude(digest=Digest.OFF).exclude(mail="", slack_member="")
    found = people.read(wanting.values_list("person_id", flat=True))
    return sum(_write(told) for told in found.values() if told.active)


def waiting(person: int) -> tuple[int, int]:
    """How many alerts and how many open cases wait for a person, each counted up to a limit."""
    judges = rows.number(_JUDGES, [person, REVIEWER])
    return alerts.waiting(person), rows.number(_OPEN, [COUNTED + 1]) if judges else 0


@transaction.atomic
def _write(told: Told) -> int:
    subject = digest_of(database_now(), told.zone, told.digest)
    written = Notice.objects.filter(person_id=told.id, kind=NoticeKind.DIGEST, subject=subject)
    if not subject or written.exists() or not any(waiting(told.id)):
        return 0
    return notify(NoticeKind.DIGEST, to=[told.id], subject=subject)
