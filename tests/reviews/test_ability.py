"""What a page offers one person is what the verbs would allow that person, and nobody else."""

from __future__ import annotations

import pytest

from governance import catalogue, halt, mandates
from governance.policy.tiers import Risk
from reviews import look
from reviews.ability import UNREADABLE, ability
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene


def test_each_reviewer_is_held_against_their_own_mandate(scene: Scene) -> None:
    case = scene.case("600.00")
    scene.take(case)
    assert ability(case.pk, scene.cast.ada).approve_obstacle == "Your mandate ends at medium risk; this is high."
    assert ability(case.pk, scene.cast.grace).approve_obstacle == ""
    mandates.revoke_mandate(scene.cast.grace, by=BY)
    mandates.set_mandate(scene.cast.ada, rank=3, money_limit=10**9, max_risk=Risk.HIGH, by=BY)
    assert ability(case.pk, scene.cast.grace).approve_obstacle == "You have no mandate."
    assert ability(case.pk, scene.cast.ada).approve_obstacle == ""


@pytest.mark.parametrize("kind", ["shop.refund", "shop.express"])
def test_a_fact_is_called_what_the_binding_of_its_own_type_calls_it(scene: Scene, kind: str) -> None:
    for each in ("shop.refund", "shop.express"):
        facts = [{**fact, "label": f"{fact['name']} of {each[5:]}"} for fact in BINDING["facts"]]
        catalogue.save_binding({**BINDING, "action_type": each, "facts": facts}, by=BY)
    case = scene.take(scene.case(kind=kind, subject="c-2"))
    expected = f"The system of record differs: owner of {kind[5:]}."
    assert ability(case.pk, scene.cast.ada).approve_obstacle == expected


def test_a_halt_is_named_after_everything_else(scene: Scene) -> None:
    case = scene.take(scene.case())
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    sentence = "A halt is in force here: nothing is approved until it is lifted."
    assert ability(case.pk, scene.cast.ada).approve_obstacle == sentence
    mandates.revoke_mandate(scene.cast.ada, by=BY)
    assert ability(case.pk, scene.cast.ada).approve_obstacle == "You have no mandate."


def test_a_type_whose_entry_cannot_be_read_is_rejected_or_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    case = scene.case()
    monkeypatch.setattr(look, "known", lambda action_type, revision: None)
    can = ability(case.pk, scene.cast.ada)
    assert (can.judge, can.take_obstacle, can.approve_obstacle) == (True, "", UNREADABLE)
