"""Approving against the record: an act of its own, of the highest rank, where the binding allows it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from governance import catalogue
from governance.problems import Problem
from reviews import judge
from reviews.ability import ability
from reviews.models import Alert, Escalation, Verdict
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene, entries, refused, stated
from tests.web.consent import recomputed
from tests.web.reading import hidden, said, visitor, words


def soften(scene: Scene, *names: str) -> None:
    """Bind refunds anew: these facts may be approved over."""
    document = copy.deepcopy(BINDING)
    for fact in document["facts"]:
        if fact["name"] in names:
            fact["soft"] = True
    catalogue.save_binding(document, by=BY)


def cancelled(scene: Scene, **more: Any) -> Escalation:
    """A case whose order is cancelled, in the hands of Grace."""
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W1'")
    return scene.take(scene.case(**more), scene.cast.grace)


def approve(scene: Scene, case: Escalation, against: str = "record_outdated", who: str = "grace") -> Verdict:
    return judge.approve(case.pk, reviewer=getattr(scene.cast, who), **stated(case), against=against)


def refusal(scene: Scene, case: Escalation, **more: str) -> str:
    with pytest.raises(Problem) as problem:
        approve(scene, case, **more)
    return refused(problem)


def test_rank_3_approves_over_a_soft_fact_with_a_reason(scene: Scene) -> None:
    soften(scene, "state")
    case = cancelled(scene)
    assert refusal(scene, case, against="") == "not_approvable", "Approve itself stays off"
    assert refusal(scene, case, against="because") == "invalid"
    verdict = approve(scene, case)
    assert (verdict.facts_override, verdict.overridden) == ("record_outdated", ["state"])
    assert {"against": "record_outdated", "over": ["state"]}.items() <= entries("verdict_given")[-1].items()
    alert = Alert.objects.get(kind="against_facts")
    assert (alert.action_id, alert.owner_id) == (case.action_id, case.action.agent.owner_id)


def test_a_hard_fact_is_approved_over_by_nobody(scene: Scene) -> None:
    case = cancelled(scene)
    assert refusal(scene, case) == "not_approvable"
    assert not ability(case.pk, scene.cast.grace).over_facts


def test_a_soft_fact_beside_a_hard_one_is_approved_over_by_nobody(scene: Scene) -> None:
    soften(scene, "state")
    case = cancelled(scene, subject="c-2")
    assert refusal(scene, case) == "not_approvable"
    assert not ability(case.pk, scene.cast.grace).over_facts


def test_a_record_that_was_not_read_is_approved_over_by_nobody(scene: Scene) -> None:
    soften(scene, "owner", "state", "paid")
    case = scene.take(scene.case(order="W999"), scene.cast.grace)
    assert refusal(scene, case) == "not_approvable"


def test_nobody_of_a_lower_rank_approves_over_a_fact(scene: Scene) -> None:
    soften(scene, "state")
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W1'")
    case = scene.take(scene.case())
    assert not ability(case.pk, scene.cast.ada).over_facts
    assert refusal(scene, case, who="ada") == "outside_mandate"
    page = visitor(scene.cast.ada).get(f"/escalations/{case.pk}/over-facts/")
    assert (page.status_code, page["Location"]) == (302, f"/escalations/{case.pk}/")


def test_it_has_a_page_and_a_button_of_its_own(scene: Scene) -> None:
    soften(scene, "state")
    case = cancelled(scene)
    grace = visitor(scene.cast.grace)
    path = f"/escalations/{case.pk}/"
    assert f'href="{path}over-facts/"' in grace.get(path).content.decode()
    step = grace.get(f"{path}over-facts/")
    form = hidden(step)
    assert recomputed(step) == form["consent"], "this page too shows what it states"
    unsaid = grace.post(f"{path}approve-over-facts/", form)
    assert (unsaid.status_code, said(unsaid)) == (422, "Say why you approve against the record.")
    done = grace.post(f"{path}approve-over-facts/", {**form, "against": "ordered"}, follow=True)
    assert "Approved against the record: A law or a court demands it." in words(done)
    assert Verdict.objects.get().facts_override == "ordered"


def test_what_agrees_needs_no_reason_and_keeps_none(scene: Scene) -> None:
    soften(scene, "state")
    case = scene.take(scene.case(), scene.cast.grace)
    assert approve(scene, case).facts_override == ""
    assert not Alert.objects.filter(kind="against_facts").exists()
