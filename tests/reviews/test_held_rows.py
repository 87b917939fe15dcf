"""What a verdict rests on stays as it was read until the verdict has committed: whoever would change it waits."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.db import connection, transaction

from reviews.cases import locked, locked_action
from reviews.reviewers import held_mandate, stays_reviewer
from tests.reviews.scene import Scene
from tests.support.fixtures import Committed

CHANGES = {
    "the case": "update reviews_escalation set rank = rank",
    "the action": "update governance_action set state = state",
    "the mandate": "update governance_mandate set rank = rank",
    "the membership": "delete from auth_user_groups",
    "the person": "update auth_user set is_active = false",
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_verdict_rests_on_is_held_until_it_commits(
    committed: Committed, committed_scene: Scene, what: str
) -> None:
    case, ada = committed_scene.case(), committed_scene.cast.ada
    with transaction.atomic():
        hold: dict[str, Callable[[], object]] = {
            "the case": lambda: locked(case.pk),
            "the action": lambda: locked_action(case.action_id),
            "the mandate": lambda: held_mandate(ada),
            "the membership": lambda: stays_reviewer(ada),
            "the person": lambda: stays_reviewer(ada),
        }
        assert hold[what]()
        with committed.connect() as other:
            other.execute("set lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute(CHANGES[what].encode())


def test_who_reads_a_case_without_deciding_holds_nobody_up(committed: Committed, committed_scene: Scene) -> None:
    """A take locks its case as an update would, so that rows which only name it can still be written."""
    case = committed_scene.case()
    with transaction.atomic():
        locked(case.pk)
        locked_action(case.action_id)
        with committed.connect() as other, other.transaction():
            other.execute("set local lock_timeout = '100ms'")
            other.execute("select 1 from reviews_escalation for key share")
            other.execute("select 1 from governance_action for key share")
    assert connection.in_atomic_block is False
