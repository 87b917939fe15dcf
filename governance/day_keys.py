"""The secrets that select draws: one a day, committed to in the ledger before it selects anything."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction

from governance import locks, record
from governance.models import DayKey


@transaction.atomic
def ensure_day_key(day: dt.date) -> DayKey:
    """The key of a UTC day, made when it is first needed. Two makers at once get the same one.

    The ledger gets SHA-256 of the secret in the same transaction, so that the secret, once revealed,
    can be checked against what was fixed before any action of that day was decided.
    """
    key, made = DayKey.objects.get_or_create(
        day=day, defaults={"secret": secrets.token_bytes(32), "created_at": locks.database_now()}
    )
    if made:
        commitment = hashlib.sha256(key.secret).hexdigest()
        body = {"day": day.isoformat(), "commitment": commitment}
        record.append(event=record.Event.DAY_KEY_COMMITTED, actor="system:sampling", body=body)
    return key
