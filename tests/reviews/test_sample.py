"""Draws follow from what was stored with the decision: whoever looks, whenever, draws the same."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from governance.day_keys import ensure_day_key
from governance.locks import database_now
from governance.models import Action, DayKey, Decision
from governance.policy.sampling import selected
from reviews import commit, report, sample, sweep
from reviews.models import Draw, Drawable
from reviews.sample import draw_due, selected_on
from tests.reviews.scene import Scene, backdate, entries


@pytest.fixture(autouse=True)
def every_second_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lot of one half: that none or all of these actions are drawn happens once in a million runs and less."""
    monkeypatch.setattr(commit, "probability", lambda *given: Decimal("0.5"))


def run(scene: Scene, count: int, status: str = "succeeded") -> list[Action]:
    actions = [scene.running("1.00") for _ in range(count)]
    for action in actions:
        report.report(action.pk, caller=scene.refunder, status=status)
    return actions


def expected(actions: list[Action]) -> set[UUID]:
    """The draws by the definition, one action at a time."""
    found = set()
    for decision in Decision.objects.filter(action__in=actions):
        secret = bytes(DayKey.objects.get(day=decision.day_key).secret)
        if selected(secret, decision.cell, str(decision.action_id), decision.probability):
            found.add(decision.action_id)
    return found


def test_the_draws_are_those_of_the_stored_cell_probability_and_day_key(scene: Scene) -> None:
    actions = run(scene, 40)
    drawn = draw_due()
    assert set(Draw.objects.values_list("action_id", flat=True)) == expected(actions)
    assert drawn == Draw.objects.count() > 0
    draw = Draw.objects.select_related("action__decision").first()
    assert draw is not None
    assert (draw.cell, draw.probability) == (draw.action.decision.cell, Decimal("0.5"))


def test_a_later_run_finds_nothing_more_and_computes_the_same(scene: Scene) -> None:
    actions = run(scene, 30)
    draw_due()
    before = set(Draw.objects.values_list("action_id", flat=True))
    assert draw_due() == 0
    assert selected_on(database_now().date()) == before == expected(actions)


def test_an_action_that_comes_up_again_is_not_drawn_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    (action,) = run(scene, 1)
    assert draw_due() == 1
    Drawable.objects.create(action=action)
    assert (draw_due(), Draw.objects.count(), Drawable.objects.count()) == (0, 1, 0)


def test_small_batches_draw_what_one_large_batch_draws(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    actions = run(scene, 25)
    monkeypatch.setattr(sample, "BATCH", 4)
    assert draw_due(11) == Draw.objects.count()
    assert Drawable.objects.count() == 14
    draw_due()
    assert set(Draw.objects.values_list("action_id", flat=True)) == expected(actions)
    assert not Drawable.objects.exists()


def test_a_batch_is_one_entry_that_names_its_draws(scene: Scene) -> None:
    run(scene, 40)
    draw_due()
    said = entries("actions_drawn")
    assert len(said) == 1
    assert said[0]["considered"] == 40
    assert {*said[0]["drawn"]} == {str(key) for key in Draw.objects.values_list("action_id", flat=True)}


@pytest.mark.parametrize("status", ["succeeded", "failed", "not_executed"])
def test_every_closed_action_may_be_drawn_whatever_its_agent_reported(scene: Scene, status: str) -> None:
    actions = run(scene, 3, status)
    assert set(Drawable.objects.values_list("action_id", flat=True)) == {action.pk for action in actions}


def test_an_action_that_was_never_reported_may_be_drawn_when_it_is_overdue(scene: Scene) -> None:
    action = scene.running()
    assert not Drawable.objects.exists()
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    sweep.abandon_overdue()
    assert Drawable.objects.get().action_id == action.pk


def test_what_a_person_approved_is_not_drawn(scene: Scene, no_hold: None) -> None:
    grant = scene.redeem(scene.approved())
    report.report(grant.action_id, caller=scene.refunder, status="succeeded")
    assert not Drawable.objects.exists()


def test_the_draws_of_a_day_are_those_the_machine_allowed_that_day(
    scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    (action,) = run(scene, 1)
    grant = scene.redeem(scene.approved())
    report.report(grant.action_id, caller=scene.refunder, status="succeeded")
    day = Decision.objects.get(action=action).day_key
    assert selected_on(day) == {action.pk}
    assert selected_on(day - timedelta(days=1)) == selected_on(day + timedelta(days=2)) == set()


def test_the_secret_of_a_day_is_in_the_ledger_as_a_hash_before_it_selects(scene: Scene) -> None:
    key = ensure_day_key(database_now().date())
    said = entries("day_key_committed")
    assert len(said) == 1
    assert said[0]["commitment"] == hashlib.sha256(bytes(key.secret)).hexdigest()
    assert bytes(key.secret).hex() not in str(said)


def test_the_day_key_is_made_once_and_never_changes(scene: Scene) -> None:
    tomorrow = (database_now() + timedelta(days=1)).date()
    first, second = ensure_day_key(tomorrow), ensure_day_key(tomorrow)
    assert bytes(first.secret) == bytes(second.secret)
    with pytest.raises(DatabaseError), transaction.atomic():
        DayKey.objects.filter(day=tomorrow).update(secret=b"x" * 32)


def test_nothing_due_writes_nothing(scene: Scene) -> None:
    assert draw_due() == 0
    assert entries("actions_drawn") == []
