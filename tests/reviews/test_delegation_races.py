"""Delegations that end, and that would close a cycle, under load of real processes."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from governance import register
from governance.delegate import end_ticket
from governance.models import Ticket
from tests.cast import BY, Cast, committed_cast
from tests.governance.family import Member, hired, ticket
from tests.reviews.racers import race_to_the_end, racing
from tests.reviews.test_commit_races import SECONDS, UNLOCKED, WIDER, alter, work_goes_on
from tests.support.fixtures import Committed

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

# Entries are numbered under the authority lock, so their order is the order of commits.
LATE = """
  with said as (select seq, kind, convert_from(body, 'UTF8')::jsonb as body from governance_ledgerentry)
  select count(*) from said d join said e on e.body->>'ticket' = d.body->>'ticket' and e.seq > d.seq
  where d.kind = 'delegation_ended' and e.kind = 'action_decided' and e.body->>'outcome' = 'execute'
"""
CYCLES = """
  select count(*) from governance_ticket a join governance_ticket b on a.child_id = b.parent_id
    and b.child_id = a.parent_id where a.revoked_at is null and b.revoked_at is null
"""


def number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def given_and_ended(cast: Cast) -> tuple[int, int, int]:
    """Tickets come and go while others act under them: how many ended, what ran under them, what ran too late."""
    refunder = Member(cast.refunder, cast.refunder_key)
    translator = hired(cast, "Translator", shared=True)
    register.change_agent(translator.agent, requests_per_minute=60_000, by=BY)
    ended, stop = 0, time.monotonic() + SECONDS
    with racing("delegated", processes=2, threads=4, key=translator.key) as outcomes:
        while ended < 16 or time.monotonic() < stop:
            given = ticket(refunder, translator)
            work_goes_on()
            end_ticket(given.pk, by=refunder.caller)
            ended += 1
    assert set(outcomes) <= {"execute", "delegation_invalid", "nothing in force", "escalate"}
    return ended, outcomes["execute"], number(LATE)


def test_nothing_executes_under_a_delegation_after_its_end_has_committed(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", WIDER)
    ended, executed, late = given_and_ended(committed_cast)
    assert ended >= 16
    assert executed > 50
    assert late == 0


def test_without_the_authority_lock_something_executes_too_late(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_commit", WIDER, UNLOCKED)
    *_, late = given_and_ended(committed_cast)
    assert late > 0


def both_ways(cast: Cast) -> int:
    """Two agents delegate to each other at once, over and over: how many cycles stand at the end."""
    translator = hired(cast, "Translator", shared=True)
    register.change_agent(cast.refunder, shared=True, by=BY)
    race_to_the_end(
        "givers",
        processes=4,
        threads=1,
        keys=[cast.refunder_key, translator.key],
        agents=[str(cast.refunder.pk), str(translator.agent.pk)],
        rounds=6,
    )
    assert Ticket.objects.exists()
    return number(CYCLES)


def test_two_tickets_never_close_a_cycle_at_once(committed: Committed, committed_cast: Cast) -> None:
    assert both_ways(committed_cast) == 0


def test_without_the_guard_of_chains_they_do(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_ticket_chain", ("raise exception 'delegation cycle'", "raise notice 'delegation cycle'"))
    assert both_ways(committed_cast) > 0
