from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import connection

from governance.cursors import kept

AUTHORITY = 7
CHAINS = 8  # also taken by the guards of chains, in SQL
ENLISTING = 9
FLIGHTS = 11  # of 256 places that stand for all keys, taken in SQL as well
ALIKE = 13  # with the hash of an action's digest
LETTERS = 15  # with the hash of a person and a channel; 10, 12 and 14 are taken in SQL
_FLIGHTS = """
select pg_advisory_xact_lock(%s, place) from (
  select distinct hashtext(key) & 255 as place from unnest(%s::text[]) key order by 1) l
"""
# The clock is read above the scan that waits for the lock, so after it.
_SHARE = "select clock_timestamp() from (select pg_advisory_xact_lock_shared(%s) offset 0) x"


def share_authority() -> datetime:
    """Take the shared authority lock, as the first lock of this transaction; return the database time.

    Everything that writes budgets, grants or standing holds it, so that a halt or narrowing, which
    takes it exclusively, stands wholly before or wholly after.
    """
    with kept() as cursor:
        cursor.execute(_SHARE, [AUTHORITY])
        now: datetime = cursor.fetchone()[0]
    return now


def hold_authority() -> datetime:
    """Take the authority lock exclusively: what was decided before has committed or decides again."""
    with connection.cursor() as cursor:
        # a halt must not give up because somebody holds a row: it waits as long as it takes
        cursor.execute("set local lock_timeout = 0")
        cursor.execute("select pg_advisory_xact_lock(%s)", [AUTHORITY])
    return database_now()


def wait_briefly() -> None:
    """Wait for further locks no longer than a decision does, until this transaction ends (`guards.told` tells it).

    For whoever keeps others waiting meanwhile, as everybody does who holds the authority lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = '2s'")


def hold_alike(digest: bytes) -> None:
    """Let nobody decide an action of this digest until the transaction ends: it waits, and sees what is committed here.

    The committing statement takes it for each action, right after the authority lock.
    """
    with kept() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [ALIKE, digest.hex()])


def hold_chains() -> None:
    """Take the lock of delegation chains until the transaction ends; the authority lock is taken before."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [CHAINS])


def hold_flights(keys: Sequence[str]) -> None:
    """Let nobody else begin what counts under one of these keys until the transaction ends.

    The database takes it where it counts; whoever shares a standing before that takes it before that too.
    """
    with kept() as cursor:
        cursor.execute(_FLIGHTS, [FLIGHTS, list(keys)])


def share_standing(agent: UUID, ticket: UUID | None) -> None:
    """Let no standing of this agent, or of one above it, be written until the transaction ends.

    Taken after `share_authority`. Whoever judges a standing and then writes because of it holds this from before the
    look: a red stands wholly before or wholly after. The lock of a standing is the last that a transaction waits for,
    so whoever holds this turns no latch itself.
    """
    with kept() as cursor:
        cursor.execute("select placet_share_standing(%s, %s)", [agent, ticket])


def try_letters(line: str) -> bool:
    """Whether this transaction alone gathers what goes to one person over one channel; it waits for nobody."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, hashtext(%s))", [LETTERS, line])
        held: bool = cursor.fetchone()[0]
    return held


@contextmanager
def one_at_a_time(lock: int) -> Iterator[None]:
    """Hold a lock while the block runs its own transactions; whoever else wants it waits.

    It belongs to a transaction of a connection of its own, so that it ends with the process and works behind a pooler.
    """
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [lock])
        yield
        other.rollback()
    finally:
        other.close()


def database_now() -> datetime:
    """The only clock of Placet: the database's, read at this moment rather than at BEGIN."""
    with kept() as cursor:
        cursor.execute("select clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
