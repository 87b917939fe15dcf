"""What policy holds back from people: a soft rule from all but rank 3 with a reason, a hard one from everybody."""

from __future__ import annotations

import pytest

from governance import policies
from governance.policy.tiers import Risk
from governance.problems import Problem
from reviews import judge, take, verify
from reviews.ability import ability
from reviews.models import Escalation, Verdict
from tests.governance.policies.rego import children
from tests.governance.policies.test_policies import active
from tests.reviews.scene import Scene, entries, proven, refused, stated
from tests.reviews.test_four_eyes import eyes, peer
from tests.reviews.test_policy_decisions import patient

__all__ = ["children", "eyes", "patient"]


def held(scene: Scene, enforcement: str = "soft_mandatory") -> Escalation:
    """A case that a rule under PROPOSE holds back."""
    active(scene.cast, tier="halt", enforcement=enforcement, types="shop.refund")
    return read(scene.case())


def read(case: Escalation) -> Escalation:
    verify.verify(case.pk)
    case.refresh_from_db()
    return case


def approve(scene: Scene, case: Escalation, override: str = "") -> Verdict:
    seen = scene.take(case, scene.cast.grace)
    proof = proven(scene.cast.grace)
    return judge.approve(case.pk, reviewer=scene.cast.grace, **stated(seen), override=override, proof=proof)


def test_a_soft_rule_is_overridden_by_rank_3_for_a_reason(scene: Scene) -> None:
    case = held(scene)
    assert case.rank == 3
    assert ability(case.pk, scene.cast.grace).override
    with pytest.raises(Problem) as problem:
        approve(scene, case)
    assert refused(problem) == "invalid"
    with pytest.raises(Problem) as problem:
        approve(scene, case, "because I say so")
    assert refused(problem) == "invalid"
    verdict = approve(scene, case, "rule_unfit")
    assert verdict.override_reason == "rule_unfit"
    assert entries("verdict_given")[-1]["override"] == "rule_unfit"


def test_nobody_of_a_lower_rank_overrides_it(scene: Scene) -> None:
    case = held(scene)
    assert "rank" in ability(case.pk, scene.cast.ada).approve_obstacle
    seen = scene.take(case)
    with pytest.raises(Problem) as problem:
        judge.approve(case.pk, reviewer=scene.cast.ada, override="rule_unfit", **stated(seen))
    assert refused(problem) == "outside_mandate"


def test_a_hard_rule_that_came_since_switches_approve_off_for_everybody(scene: Scene) -> None:
    case = read(scene.case())
    assert ability(case.pk, scene.cast.grace).approve_obstacle == ""
    version = active(scene.cast, tier="halt", types="shop.refund")
    told = "Policy tests v1, rule only, forbids it: The rule says so."
    assert ability(case.pk, scene.cast.grace).approve_obstacle == told
    with pytest.raises(Problem) as problem:
        approve(scene, case, "ordered")
    assert refused(problem) == "not_approvable"
    assert problem.value.detail == told
    for who in (scene.cast.mary, scene.cast.joan):
        policies.retire(version.pk, by=who)
    assert approve(scene, case).override_reason == "", "what nothing holds back is not overridden"


def test_a_soft_rule_that_came_since_binds_an_approval_as_it_binds_a_new_case(scene: Scene) -> None:
    case = read(scene.case())
    assert (ability(case.pk, scene.cast.ada).approve_obstacle, case.rank) == ("", 1)
    assert not ability(case.pk, scene.cast.grace).override
    active(scene.cast, tier="halt", enforcement="soft_mandatory", types="shop.refund")
    can = ability(case.pk, scene.cast.grace)
    told = "Policy tests v1, rule only, says HALT: The rule says so. A reviewer of rank 3 may override it."
    assert (can.override, can.since, can.approve_obstacle) == (True, (told,), "")
    assert ability(case.pk, scene.cast.ada).approve_obstacle == "This case needs rank 3; yours is 1."
    seen = scene.take(case)
    with pytest.raises(Problem) as problem:
        judge.approve(case.pk, reviewer=scene.cast.ada, override="rule_unfit", **stated(seen))
    assert refused(problem) == "outside_mandate"
    take.release(case.pk, reviewer=scene.cast.ada)
    with pytest.raises(Problem) as problem:
        approve(scene, case)
    assert refused(problem) == "invalid"
    assert approve(scene, case, "rule_unfit").override_reason == "rule_unfit"
    entry = entries("verdict_given")[-1]
    assert (entry["override"], entry["rules"]) == ("rule_unfit", ["tests v1, rule only"])


def test_a_soft_rule_that_came_and_went_binds_nobody(scene: Scene) -> None:
    case = read(scene.case())
    version = active(scene.cast, tier="halt", enforcement="soft_mandatory", types="shop.refund")
    for who in (scene.cast.mary, scene.cast.joan):
        policies.retire(version.pk, by=who)
    assert ability(case.pk, scene.cast.ada).approve_obstacle == ""
    assert scene.approve(case).override_reason == ""
    assert "rules" not in entries("verdict_given")[-1]


def test_who_approved_before_a_soft_rule_came_counts_and_the_next_overrides_it(eyes: Scene, no_hold: None) -> None:
    case = read(eyes.case())
    assert not eyes.approve(case, eyes.cast.ada).closes
    active(eyes.cast, tier="halt", enforcement="soft_mandatory", types="shop.refund")
    carol = peer("carol", rank=2)
    with pytest.raises(Problem) as problem:
        eyes.approve(case, carol)
    assert refused(problem) == "outside_mandate"
    take.release(case.pk, reviewer=carol)
    assert approve(eyes, case, "ordered").closes


def test_a_rule_that_answers_propose_is_for_any_reviewer(scene: Scene) -> None:
    active(scene.cast, tier="propose", types="shop.refund")
    case = read(scene.case())
    assert case.rank == 1
    assert case.action.decision.effective_risk == Risk.MEDIUM
    assert scene.approve(case).approve
