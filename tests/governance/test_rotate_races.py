from __future__ import annotations

from collections import Counter

import pytest
from django.db.models import Count

from governance import register
from governance.models import AgentKey
from tests.cast import BY, Cast, committed_cast
from tests.reviews.racers import race_to_the_end
from tests.support.proof import PROVE, tell

__all__ = ["committed_cast"]

AGENTS = 200 if PROVE else 6


def rotated_at_once(cast: Cast, *, guarded: bool) -> Counter[str]:
    """Every process of an agent finds at once that its key is to be rotated, and sends one of three requests."""
    agents = [
        register.register_agent(name=f"Rotator {number}", owner=cast.joan, project=cast.refunds, by=BY)
        for number in range(AGENTS)
    ]
    keys = [register.issue_key(agent, by=BY) for agent in agents]
    return race_to_the_end("rotators", processes=3, threads=3, keys=keys, requests=3, guarded=guarded)


@pytest.mark.full
def test_whoever_rotates_a_key_at_once_gets_one_successor_that_lives(committed_cast: Cast) -> None:
    outcomes = rotated_at_once(committed_cast, guarded=True)
    assert set(outcomes) <= {"rotated", "wrong_state", "finished"}
    followed = AgentKey.objects.exclude(replaces=None)
    assert followed.filter(revoked_at=None).count() == AGENTS
    assert outcomes["rotated"] == followed.count(), "an answer that was lost is one that is revoked"
    assert not followed.values("replaces").annotate(asked=Count("request_key", distinct=True)).filter(asked__gt=1)
    tell(size=f"{AGENTS} agents , nine writers", figure="one live successor each")


def test_without_the_authority_lock_they_are_refused_by_the_constraint_alone(committed_cast: Cast) -> None:
    assert rotated_at_once(committed_cast, guarded=False)["invalid"] > 0
