"""First actions of one run at once, each for somebody else, with real processes. The guard is also taken out once."""

from __future__ import annotations

import pytest
from django.db import connection

from governance import register
from governance.models import Action
from tests.cast import BY, Cast, committed_cast
from tests.governance.family import hired
from tests.reviews.racers import race_to_the_end
from tests.reviews.test_commit_races import WIDER, alter
from tests.support.fixtures import Committed
from tests.support.proof import PROVE

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

ROUNDS = 60 if PROVE else 10
UNPINNED = ("if pins > 0", "if false")
# Of one run entries are numbered under the lock of its subject, so their order is the order of commits.
_FOR_TWO = """
  with said as (
    select e.seq, a.agent_id, a.chain, a.run, a.subject
      from governance_ledgerentry e join governance_action a on e.kind = 'action_decided'
        and a.id = (convert_from(e.body, 'UTF8')::jsonb ->> 'action')::uuid
      where not exists (select 1 from reviews_alert r where r.kind = 'red' and r.action_id = a.id)
  )
  select count(distinct late.run) from said late join said early on early.run = late.run and early.seq < late.seq
    and early.agent_id = any(late.agent_id || late.chain) and early.subject <> late.subject
"""


def runs_for_two(cast: Cast, *, family: bool) -> int:
    """Begin each run eight times at once: how many runs then act for two, and nobody was told."""
    keys = [cast.refunder_key]
    if family:
        child = hired(cast, "Translator", parent=cast.refunder)
        register.change_agent(child.agent, requests_per_minute=60_000, by=BY)
        keys.append(child.key)
    outcomes = race_to_the_end("beginners", processes=2, threads=4, keys=keys, rounds=ROUNDS)
    assert set(outcomes) <= {"execute", "escalate", "finished"}
    assert Action.objects.count() == 8 * ROUNDS
    with connection.cursor() as cursor:
        cursor.execute(_FOR_TWO)
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("family", [False, True], ids=["one agent", "an agent and its sub-agent"])
def test_however_many_begin_a_run_at_once_it_acts_for_one_subject(
    committed: Committed, committed_cast: Cast, family: bool
) -> None:
    alter(committed, "placet_commit", WIDER)
    assert runs_for_two(committed_cast, family=family) == 0


@pytest.mark.parametrize("family", [False, True], ids=["one agent", "an agent and its sub-agent"])
def test_without_the_look_at_the_run_it_acts_for_several(
    committed: Committed, committed_cast: Cast, family: bool
) -> None:
    alter(committed, "placet_commit", WIDER, UNPINNED)
    assert runs_for_two(committed_cast, family=family) > 0
