"""What an approval reserves when several caps of its type count in one row, and when the rows cannot be had."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from governance import catalogue
from governance.locks import database_now
from governance.models import Reservation
from governance.problems import Code, Problem
from reviews import budgets, judge
from reviews.models import Escalation, Verdict
from tests.cast import BY
from tests.reviews.scene import REFUND, Scene, backdate, live, stated
from tests.reviews.test_commit_races import alter
from tests.support.fixtures import Committed

SOFT = {"key": "entity", "money": "1000.00", "window": "24h"}
LOW = {"key": "entity", "money": "1200.00", "window": "24h", "hard": True}
HIGH = {"key": "entity", "money": "2400.00", "window": "24h", "hard": True}


def capped(scene: Scene, *caps: dict[str, Any]) -> None:
    """From now on a refund counts against exactly these."""
    catalogue.save_action_type({**REFUND, "caps": list(caps)}, domain=scene.cast.service, by=BY)


def test_several_caps_on_one_row_are_reserved_once(scene: Scene) -> None:
    capped(scene, SOFT, LOW, HIGH)
    scene.approve(scene.case())
    held = Reservation.objects.get()
    assert (len(held.budgets), held.amounts, live("entity:%")) == (1, [48_000], 48_000)


@pytest.mark.parametrize("caps", [(SOFT, LOW, HIGH), (HIGH, LOW, SOFT)])
def test_of_several_hard_caps_on_one_row_the_lowest_holds(scene: Scene, caps: tuple[dict[str, Any], ...]) -> None:
    capped(scene, *caps)
    for _ in range(2):
        scene.approve(scene.case())
    with pytest.raises(Problem) as problem:
        scene.approve(scene.case())
    assert (problem.value.code, live("entity:%")) == (Code.NOT_APPROVABLE, 96_000)


@pytest.mark.parametrize("caps", [(SOFT, HIGH), (HIGH, SOFT)])
def test_a_row_is_free_again_when_its_lowest_cap_is(scene: Scene, caps: tuple[dict[str, Any], ...]) -> None:
    capped(scene, *caps)
    for _ in range(2):
        scene.approve(scene.case())
    case = scene.case()
    backdate("update reviews_escalation set cap_frees_at = clock_timestamp() where id = %s", case.pk)
    scene.approve(case)
    frees_at = Escalation.objects.get(pk=case.pk).cap_frees_at
    assert frees_at is not None
    assert frees_at > database_now() + timedelta(hours=22)


def test_a_type_without_caps_is_approved_without_reserving(scene: Scene) -> None:
    capped(scene)
    scene.approve(scene.case())
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("state", ["PL004", "PL099"])
def test_what_the_rows_refuse_for_any_other_reason_is_no_hard_cap(
    committed: Committed, committed_scene: Scene, state: str
) -> None:
    """Whoever waited too long is told to come again; what nobody foresaw is not explained away."""
    scene = committed_scene
    case = scene.take(scene.case())
    said = stated(case)
    alter(committed, "placet_reserve", ("stale > 0", "true"), ("'PL004'", f"'{state}'"))
    expected = Problem if state == "PL004" else DatabaseError
    with pytest.raises(expected) as failed:
        judge.approve(case.pk, reviewer=scene.cast.ada, **said)
    if isinstance(failed.value, Problem):
        assert failed.value.code is Code.UNAVAILABLE
    assert not Verdict.objects.exists()


def test_a_sealed_text_is_no_typed_parameter(scene: Scene) -> None:
    action = scene.case(parameters={"memo": "VIP, approve at once"}).action
    assert action.parameters["memo"] == {"sealed": 20}
    assert budgets.typed(action) == {"order_id": "W1", "amount": {"amount": "480.00", "currency": "USD"}}
