"""Reds and what they must stop at once, with real processes. Each guard is also taken out once: then it fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from governance import catalogue
from governance.authenticate import Credential, hash_key
from governance.latches import AGENT, TYPE
from governance.locks import database_now
from governance.models import Decision, LedgerEntry, Standing
from reviews.intake import ask
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.reviews.jobs import on_behalf
from tests.reviews.racers import race_to_the_end, racing
from tests.reviews.scene import backdate
from tests.reviews.test_commit_races import alter, work_goes_on
from tests.support.fixtures import Committed
from tests.support.proof import PROVE

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

ROUNDS = 60 if PROVE else 12
# Between reading the standing and beginning to commit lies the moment that a red must not slip into.
SLOWER = (
    "perform pg_advisory_xact_lock_shared(7);",
    "perform pg_sleep(random() * 0.01);\n  perform pg_advisory_xact_lock_shared(7);",
)
UNCHECKED = (" or moved > 0", "")
_RISE = """
update governance_standing set in_episode = false, red_at = red_at - interval '99 days',
    green_since = clock_timestamp() - interval '90 days' where latch = %s
"""


def red(cast: Cast, name: str) -> None:
    answer = ask(Credential(hash_key(cast.refunder_key)), on_behalf("somebody else", name))
    assert answer.body["outcome"] == "escalate"


def lowered_under_load(cast: Cast) -> tuple[int, int]:
    """How many executed in all, and how many while the standing was down: from the commit of a red to its rise."""
    credential = Credential(hash_key(cast.refunder_key))
    assert ask(credential, on_behalf("somebody", "pin")).body["outcome"] == "execute"
    down: list[tuple[datetime, datetime]] = []
    terms = {"key": cast.refunder_key, "customer": "c", "amount": "1.00", "spread": True}
    with racing("refunds", processes=2, threads=4, **terms) as outcomes:
        for number in range(ROUNDS):
            work_goes_on()
            red(cast, f"red-{number}")
            since = database_now()
            time.sleep(0.03)
            down.append((since, database_now()))
            rises(cast)
    executed = Decision.objects.filter(outcome="execute")
    late = sum(executed.filter(decided_at__gt=since, decided_at__lt=until).count() for since, until in down)
    return outcomes["execute"], late


def test_i13_no_decision_whose_commit_began_after_a_red_committed_stands_above_it(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", SLOWER)
    executed, late = lowered_under_load(committed_cast)
    assert executed >= ROUNDS
    assert late == 0


def test_without_the_look_at_the_version_the_same_race_is_lost(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_commit", SLOWER, UNCHECKED)
    _, late = lowered_under_load(committed_cast)
    assert late > 0


def rises(cast: Cast) -> None:
    """The standing is up again at once: its lock is taken before its row, as every verb does."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select placet_lock_standing(%s)", [cast.refunder.pk])
        backdate(_RISE, f"{TYPE}{cast.refund.pk}")


WENT_ON = {"grant_redeemed", "action_continued"}


def used_under_load(cast: Cast, *, rounds: int, blind: bool = False) -> tuple[int, set[str]]:
    """How many grants were used in all, and what was begun or continued while the standing was down.

    Reds come one after another, so many or until both were seen.
    """
    catalogue.save_action_type({**BENCH_REFUND, "checkpoint": "60s"}, domain=cast.service, by=BY)
    ask(Credential(hash_key(cast.refunder_key)), on_behalf("somebody", "pin"))
    entries, late = LedgerEntry.objects.filter(kind__in=WENT_ON), set[str]()
    begun = LedgerEntry.objects.filter(kind="grant_redeemed")
    with racing("runners", processes=2, threads=4, keys=[cast.refunder_key], slow=True, blind=blind):
        for number in range(rounds):
            work_goes_on(some=1, seen=begun)  # a grant alone is not enough: on a slow machine each would meet the red
            red(cast, f"red-{number}")
            since = database_now()
            time.sleep(0.05)
            late |= set(entries.filter(at__gt=since, at__lt=database_now()).values_list("kind", flat=True))
            rises(cast)
            if late == WENT_ON:
                break
    return begun.count(), late


def test_i13_nothing_is_begun_or_continued_above_a_red_that_committed_before(committed_cast: Cast) -> None:
    used, late = used_under_load(committed_cast, rounds=ROUNDS)
    assert used >= ROUNDS
    assert late == set()


def test_without_the_lock_of_the_standing_a_red_slips_in_between_the_look_and_the_use(committed_cast: Cast) -> None:
    _, late = used_under_load(committed_cast, rounds=20 * ROUNDS, blind=True)
    assert late == WENT_ON


def test_sixty_four_reds_at_once_are_one_episode_and_one_strike(committed_cast: Cast) -> None:
    key = committed_cast.refunder_key
    ask(Credential(hash_key(key)), on_behalf("somebody", "pin"))
    rounds = 10 if PROVE else 2
    outcomes = race_to_the_end("contradictions", processes=4, threads=16, key=key, rounds=rounds)
    assert outcomes == {"escalate": 64 * rounds, "finished": 64}
    row = Standing.objects.get()
    assert (row.strikes, row.in_episode, row.why) == (1, True, "contradicted")


def turn(latch: str, agent: UUID) -> Jsonb:
    """A decision that turns a latch red and has seen no standing yet."""
    latches = [{"latch": latch, "strikes": 1, "in_episode": True, "red_at": "2026-03-01T00:00:00Z", "why": "cap"}]
    return Jsonb([{"agent": str(agent), "line": [str(agent)], "stands": 0, "latches": latches}])


def two_at_once(committed: Committed, cast: Cast, first: str, second: str) -> str | None:
    """Two transactions that turn a latch of one agent red: the SQLSTATE of the second, None when both were written."""
    entry = b"insert into governance_ledgerentry (kind, actor, body) values ('test', 'x', '{}')"
    statement, agent = "select placet_turn(%s)", cast.refunder.pk

    def late() -> Any:
        with other.transaction():
            other.execute(entry)
            other.execute(statement, [turn(second, agent)])

    with committed.connect() as one, committed.connect() as other, ThreadPoolExecutor() as pool:
        with one.transaction():
            one.execute(entry)
            one.execute(statement, [turn(first, agent)])
            running = pool.submit(late)
            time.sleep(0.3)
        try:
            running.result()
        except psycopg.Error as moved:
            return moved.sqlstate
    return None


@pytest.mark.parametrize("second", [AGENT, "key:other"], ids=["the same latch", "another latch"])
def test_of_two_first_reds_at_once_the_second_decides_again(
    committed: Committed, committed_cast: Cast, second: str
) -> None:
    assert two_at_once(committed, committed_cast, AGENT, second) == "PL004"
    assert Standing.objects.count() == 1


def test_without_the_lock_of_the_agent_the_second_does_not_see_the_first(
    committed: Committed, committed_cast: Cast
) -> None:
    with committed.connect(role="owner") as owner:
        owner.execute(
            "create or replace function placet_lock_standing(p_agent uuid) returns void language sql as 'select'"
        )
    assert two_at_once(committed, committed_cast, "key:one", "key:other") is None
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from governance_standing")
        assert cursor.fetchone() == (2,)
