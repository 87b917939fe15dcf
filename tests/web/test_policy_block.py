"""The page of a decision and the API say what each rule of policy said, exactly as it was stored with the decision."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from governance import policies
from governance.engines import chosen
from governance.engines.protocol import NoEngine
from governance.models import Decision
from governance.policy.decision import Inputs
from governance.policy.memory import recalled, remembered
from governance.policy.rulings import FAILURES, Failure
from governance.policy.tiers import Tier
from reviews import decided, verify
from reviews.explained import document, tell
from reviews.policy_said import MACHINE_ALONE
from tests.governance.policies.rego import children, files
from tests.governance.policies.test_policies import active
from tests.policy import strategies as some
from tests.policy.prove import examples
from tests.reviews.scene import Scene
from tests.reviews.test_policy_decisions import patient
from tests.web.reading import visitor, words

__all__ = ["children", "patient"]


def page(scene: Scene, action: Any) -> str:
    return words(visitor(scene.cast.ada).get(f"/decisions/{action}/"))


def explained_row() -> Any:
    return document(vars(Decision.objects.get()))


def test_each_rule_of_each_covering_bundle_is_told_and_what_does_not_count_is_marked(scene: Scene) -> None:
    active(scene.cast, tier="execute", name="limits")
    active(scene.cast, tier="halt", name="trial", enforcement="advisory")
    active(scene.cast, tier="halt", name="other", types="shop.refund")
    text = page(scene, scene.running().pk)
    assert "limits v1: only hard mandatory EXECUTE The rule says so." in text
    assert "trial v1: only advisory, does not count HALT The rule says so." in text
    assert "other v1" not in text
    assert explained_row()["policy"] == [
        {
            "bundle": bundle,
            "version": 1,
            "rule": "only",
            "enforcement": enforcement,
            "counts": counts,
            "tier": tier,
            "sentences": ["The rule says so."],
        }
        for bundle, enforcement, counts, tier in (
            ("limits", "hard_mandatory", True, "EXECUTE"),
            ("trial", "advisory", False, "HALT"),
        )
    ]


def test_a_version_that_ran_beside_is_told_with_what_it_would_have_made(scene: Scene) -> None:
    shadow = policies.propose(files("halt"), by=scene.cast.mary)
    policies.set_shadow(shadow.pk, shadow=True, by=scene.cast.mary)
    text = page(scene, scene.running().pk)
    assert "tests v1 runs beside, does not count HALT With it the answer would have been refuse." in text
    assert explained_row()["policy"] == [], "the agent is not told what is only tried out"


def test_what_no_bundle_covers_has_no_such_part(scene: Scene) -> None:
    active(scene.cast, types="shop.refund")
    action = scene.running().pk
    assert "Policy" not in page(scene, action)
    assert explained_row()["policy"] == []


def test_a_rule_without_an_answer_is_told_as_such(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    active(scene.cast, tier="commit", types="shop.refund")
    monkeypatch.setattr(chosen, "engine", NoEngine)
    told = page(scene, scene.case().action_id)
    assert "tests v1: only hard mandatory no answer No engine for policies is installed." in told


def test_a_case_says_that_a_rule_at_propose_leaves_it_to_people_as_long_as_that_is_so(scene: Scene) -> None:
    def read() -> str:
        return words(visitor(scene.cast.ada).get(f"/escalations/{case.pk}/"))

    active(scene.cast, tier="propose", types="shop.refund")
    case = scene.case()
    verify.verify(case.pk)
    assert MACHINE_ALONE in read()
    assert MACHINE_ALONE in page(scene, case.action_id)
    active(scene.cast, tier="halt", types="shop.refund", name="strict")
    assert MACHINE_ALONE not in read(), "a hard rule forbids it since, to everybody"


def test_what_only_rank_3_may_override_is_not_said_to_be_for_any_reviewer(scene: Scene) -> None:
    active(scene.cast, tier="propose", types="shop.refund")
    active(scene.cast, tier="halt", types="shop.refund", name="soft", enforcement="soft_mandatory")
    case = scene.case()
    verify.verify(case.pk)
    text = words(visitor(scene.cast.grace).get(f"/escalations/{case.pk}/"))
    assert "A reviewer of rank 3 may override it." in text
    assert MACHINE_ALONE not in text + page(scene, case.action_id)


def test_a_case_says_which_soft_rule_came_since_and_asks_who_may_override_it_why(scene: Scene) -> None:
    case = scene.case()
    verify.verify(case.pk)
    active(scene.cast, tier="halt", types="shop.refund", name="soft", enforcement="soft_mandatory")
    said = "Policy soft v1, rule only, says HALT: The rule says so. A reviewer of rank 3 may override it."
    ada = words(visitor(scene.cast.ada).get(f"/escalations/{case.pk}/"))
    assert said in ada
    scene.take(case, scene.cast.grace)
    grace = words(visitor(scene.cast.grace).get(f"/escalations/{case.pk}/"))
    assert said in grace
    assert "A rule of policy holds this back. If you override it, why?" in grace


def test_what_it_says_stays_when_the_bundle_is_gone(scene: Scene) -> None:
    version = active(scene.cast, tier="execute")
    action = scene.running().pk
    before = decided.read(action).told
    for who in (scene.cast.mary, scene.cast.joan):
        policies.retire(version.pk, by=who)
    assert decided.read(action).told == before


@given(some.every_input)
@examples(200)
def test_it_is_what_was_stored_and_nothing_else(made: Inputs) -> None:
    told = tell(recalled(json.loads(json.dumps(remembered(made)))))
    assert len(told.policy) == len(made.policy_rules)
    for rule in made.policy_rules:
        sound = type(rule.tier) is Tier and not rule.failure
        sentences = rule.reasons if sound else (FAILURES[Failure(rule.failure or Failure.BROKEN)],)
        tier = rule.tier if sound else None
        found = (rule.bundle, rule.version, rule.rule, rule.enforcement.value, rule.mandatory, tier, sentences)
        assert found in [
            (each.bundle, each.version, each.rule, each.enforcement, each.counts, each.tier, each.sentences)
            for each in told.policy
        ]
