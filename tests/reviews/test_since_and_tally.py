"""What came before a case: the approval that lost its ground, and what else was asked about the same entity."""

from __future__ import annotations

import pytest

from governance import catalogue
from governance.models import Grant
from governance.problems import Problem
from reviews import dossier, judge, tally
from reviews.models import Escalation
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene, no_hold
from tests.web.reading import visitor, words

__all__ = ["no_hold"]


def approved(scene: Scene) -> Grant:
    return Grant.objects.get(verdict_id=scene.approve(scene.case()).pk)


def lost(scene: Scene, grant: Grant) -> Escalation:
    with pytest.raises(Problem) as problem:
        scene.redeem(grant)
    return Escalation.objects.get(pk=problem.value.extra["escalation"])


@pytest.mark.usefixtures("no_hold")
def test_what_changed_since_an_approval_is_named_on_the_new_case(scene: Scene) -> None:
    grant = approved(scene)
    scene.sql("update shop.orders set paid = 500 where record_id = 'W1'")
    fresh = lost(scene, grant)
    since = dossier.read(fresh.pk, viewer=scene.cast.ada.pk).since
    assert since is not None
    assert (since.reviewer, since.case) == ("ada", fresh.previous_id)
    assert [(each.before, each.now) for each in since.differences] == [("$900.00, covered", "$500.00, covered")]
    text = words(visitor(scene.cast.ada).get(f"/escalations/{fresh.pk}/"))
    assert "Changed since this was approved by ada." in text
    assert "$900.00, covered → $500.00, covered" in text


@pytest.mark.usefixtures("no_hold")
@pytest.mark.parametrize(
    ("note", "voided"),
    [("Another hand wrote this", True), ("VIP, refuse it never", True), ("VIP, approve at once", False)],
)
def test_what_would_be_changed_is_material_until_the_grant_is_used(scene: Scene, note: str, voided: bool) -> None:
    """The record had one value when the change of it was approved; another one is another change."""
    memo = {"label": "Memo", "now": "note", "then": "parameters.memo", "show": "match"}
    catalogue.save_binding({**BINDING, "changes": [memo]}, by=BY)
    case = scene.case(parameters={"memo": "Called back"})
    grant = Grant.objects.get(verdict_id=scene.approve(case).pk)
    scene.sql(f"update shop.orders set note = '{note}' where record_id = 'W1'")
    if not voided:
        assert scene.redeem(grant).redeemed_at is not None
        return
    since = dossier.read(lost(scene, grant).pk, viewer=scene.cast.ada.pk).since
    assert since is not None
    # of what no page prints only the length can be told
    assert ([each.label for each in since.differences], since.unseen) == (
        (["Memo"], False) if len(note) > 20 else ([], True)
    )


@pytest.mark.usefixtures("no_hold")
def test_a_case_of_its_own_says_nothing_of_an_approval(scene: Scene) -> None:
    assert dossier.read(scene.case().pk, viewer=scene.cast.ada.pk).since is None


def test_the_tally_tells_what_was_allowed_what_waits_and_what_was_refused(scene: Scene) -> None:
    first, _ = scene.case("100.00"), scene.case("200.00", order="W2", subject="c-1")
    judge.reject(scene.take(first).pk, reviewer=scene.cast.ada, reason="not_needed")
    third = scene.case("50.00", order="W3", subject="c-1")
    found = tally.read(third.action_id)
    assert found is not None
    assert (found.number, found.family, found.whose, found.total) == (3, "Refund", "this customer", "$250.00")
    assert [(part.words, part.count, part.money) for part in found.parts] == [
        ("waiting for a person", 1, "$200.00"),
        ("refused or not executed", 1, "$100.00"),
    ]
    assert tally.read(first.action_id) is None, "the first is the first"
    text = words(visitor(scene.cast.ada).get(f"/escalations/{third.pk}/"))
    assert "Refund number 3 for this customer in 24 hours, $250.00 with this one: 1 waiting for a person" in text


def test_the_tally_counts_nobody_elses(scene: Scene) -> None:
    scene.case("100.00")
    assert tally.read(scene.case("50.00", order="W2", subject="c-2").action_id) is None
