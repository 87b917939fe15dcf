"""What a verdict rests on stays as it was read until the verdict has committed: whoever would change it waits."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from governance.locks import AUTHORITY
from reviews import judge, redeem, report, spot_review, sweep, withdraw
from reviews.cases import locked, locked_action
from reviews.reviewers import held_mandate, stays_reviewer
from tests.reviews.scene import Scene, stated
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
            "the membership": lambda: stays_reviewer(ada.pk),
            "the person": lambda: stays_reviewer(ada.pk),
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


@pytest.mark.parametrize("verb", ["approve", "take back", "redeem", "report", "withdraw", "abandon", "lapse", "judge"])
def test_no_verb_that_allows_or_gives_back_overtakes_a_halt_under_way(
    committed: Committed, committed_scene: Scene, no_hold: None, verb: str
) -> None:
    """Whoever narrows holds the lock of authority alone; everybody else asks for it first."""
    scene, cast = committed_scene, committed_scene.cast
    case, ada, nobody = scene.take(scene.case()), cast.ada, uuid4()
    said = stated(case)
    grant = scene.approved(order="W2") if verb in ("redeem", "take back") else None
    digest = "" if grant is None else bytes(grant.digest).hex()
    verbs: dict[str, Callable[[], object]] = {
        "approve": lambda: judge.approve(case.pk, reviewer=ada, **said),
        "take back": lambda: judge.withdraw((grant and grant.verdict_id) or 0, reviewer=ada),
        "redeem": lambda: redeem.redeem(nobody if grant is None else grant.pk, caller=scene.refunder, digest=digest),
        "report": lambda: report.report(nobody, caller=scene.refunder, status="succeeded"),
        "withdraw": lambda: withdraw.withdraw(nobody, caller=scene.refunder),
        "abandon": sweep.abandon_overdue,
        "lapse": sweep.lapse_unused,
        "judge": lambda: spot_review.judge_draw(nobody, reviewer=ada, sound=True),
    }
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '100ms'")
    with committed.connect() as other, other.transaction():
        other.execute("select pg_advisory_xact_lock(%s)", [AUTHORITY])
        with pytest.raises(OperationalError, match="lock timeout"):
            verbs[verb]()
