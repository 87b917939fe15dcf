from __future__ import annotations

from datetime import datetime

from django.db import connection

AUTHORITY = 7


def share_authority() -> datetime:
    """Take the shared authority lock, as the first lock of this transaction; return the database time.

    Everything that writes budgets, grants or standing holds it, so that a halt or narrowing, which
    takes it exclusively, stands wholly before or wholly after.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [AUTHORITY])
    return database_now()


def hold_authority() -> datetime:
    """Take the authority lock exclusively: what was decided before has committed or decides again."""
    with connection.cursor() as cursor:
        # a halt must not give up because somebody holds a row: it waits as long as it takes
        cursor.execute("set local lock_timeout = 0")
        cursor.execute("select pg_advisory_xact_lock(%s)", [AUTHORITY])
    return database_now()


def database_now() -> datetime:
    """The only clock of Placet: the database's, read at this moment rather than at BEGIN."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
