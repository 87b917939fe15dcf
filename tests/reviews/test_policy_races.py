"""Activation against deciding processes: what a narrowing policy forbids never commits after it does."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from governance import policies
from governance.models import BundleState, BundleVersion
from tests.cast import Cast, committed_cast
from tests.governance.policies.rego import files
from tests.governance.policies.test_policies import digest
from tests.reviews.racers import racing
from tests.reviews.test_commit_races import UNLOCKED, WIDER, alter, work_goes_on
from tests.support.fixtures import Committed
from tests.support.proof import PROVE

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

SECONDS = 30.0 if PROVE else 5.0


def late_executes() -> int:
    """Executions whose entry was written while a policy that forbids them was active."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with pulls as (
              select at, lead(at, 1, 'infinity') over (order by seq) as until, kind from governance_ledgerentry
              where kind in ('policy_activated', 'policy_retired')
            )
            select count(*) from governance_ledgerentry e join pulls p on e.at > p.at and e.at < p.until
            where p.kind = 'policy_activated' and e.kind = 'action_decided'
              and convert_from(e.body, 'UTF8')::jsonb ->> 'outcome' = 'execute'
            """
        )
        return int(cursor.fetchone()[0])


def activate_and_retire(cast: Cast) -> int:
    """Let a policy that forbids everything govern and then no longer, again and again; how often it did."""
    given, turns, stop = files("halt"), 0, time.monotonic() + SECONDS
    while time.monotonic() < stop:
        version = policies.propose(given, by=cast.mary)
        policies.activate(version.pk, digest=digest(version), by=cast.joan)
        time.sleep(0.1)
        for who in (cast.mary, cast.joan):
            policies.retire(version.pk, by=who)
        turns += 1
        work_goes_on()
    assert not BundleVersion.objects.filter(state=BundleState.ACTIVE).exists()
    return turns


def run(cast: Cast) -> tuple[int, dict[str, int]]:
    with racing(
        "refunds", processes=2, threads=2, key=cast.refunder_key, customer="c", amount="1.00", spread=True
    ) as outcomes:
        work_goes_on()
        turns = activate_and_retire(cast)
    return turns, dict(outcomes)


def test_nothing_that_a_policy_forbids_commits_after_it_was_activated(
    committed: Committed, committed_cast: Cast
) -> None:
    turns, outcomes = run(committed_cast)
    assert turns >= 1
    assert outcomes["execute"] > 0
    assert late_executes() == 0, "no process decided by a policy it had before"


def test_without_the_authority_lock_a_process_that_is_behind_is_seen(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", UNLOCKED, WIDER, ("grants > 0 and epoch <> p_epoch", "false"))
    late = 0
    for _ in range(3):
        run(committed_cast)
        late = late_executes()
        if late:
            break
    assert late > 0
