"""The preset reasons to reject: the council's, stable in their codes, readable for ever."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from governance.models import ActionType
from governance.problems import Code, Problem
from reviews import history, judge, reject_reasons
from reviews.api.states import escalation
from reviews.models import RejectReason
from tests.reviews.scene import Scene, entries, no_hold
from tests.web.reading import visitor, words

__all__ = ["no_hold"]


def code_of(verb: object) -> Code:
    with pytest.raises(Problem) as problem:
        verb()  # type: ignore[operator]
    return problem.value.code


def test_the_council_offers_a_reason_for_one_type_or_for_all(scene: Scene) -> None:
    mary, six = scene.cast.mary, [code for code, _ in reject_reasons.offered(scene.refund.pk)]
    assert six == ["facts_differ", "wrong_subject", "not_verified", "over_limit", "against_policy", "not_needed"]
    reject_reasons.add_reason("wrong_item", "The item is not the one sent back", by=mary, action_type=scene.refund)
    reject_reasons.add_reason("duplicate", "It was asked for before", by=mary)
    assert [code for code, _ in reject_reasons.offered(scene.refund.pk)] == [*six, "wrong_item", "duplicate"]
    assert [code for code, _ in reject_reasons.offered(scene.express.pk)] == [*six, "duplicate"]
    assert entries("reject_reason_added")[0] == {"reason": "wrong_item", "action_type": "shop.refund"}
    page = visitor(scene.cast.ada).get(f"/escalations/{scene.take(scene.case()).pk}/")
    assert "The item is not the one sent back 7" in words(page)


def test_a_case_is_rejected_for_an_offered_reason_alone(scene: Scene) -> None:
    reject_reasons.add_reason("wrong_item", "Not the item", by=scene.cast.mary, action_type=scene.express)
    case = scene.take(scene.case())
    for reason in ("wrong_item", "", "because", "FACTS_DIFFER", "x" * 40):
        assert code_of(lambda said=reason: judge.reject(case.pk, reviewer=scene.cast.ada, reason=said)) is Code.INVALID


def test_a_retired_reason_is_offered_no_more_and_stays_readable(scene: Scene, no_hold: None) -> None:
    case = scene.take(scene.case())
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="over_limit")
    reject_reasons.retire_reason("over_limit", by=scene.cast.mary)
    assert "over_limit" not in dict(reject_reasons.offered(scene.refund.pk))
    told = escalation(case.pk, caller=scene.refunder)
    assert told["reject_reason"] == {"code": "over_limit", "sentence": "Too much for this customer or agent"}
    assert "Too much for this customer or agent" in words(visitor(scene.cast.ada).get(f"/escalations/{case.pk}/"))
    (said,) = history.read(agent=case.action.agent_id, action_type=scene.refund.pk).verdicts
    assert said.reason == "Too much for this customer or agent"
    add = lambda: reject_reasons.add_reason("over_limit", "Something else", by=scene.cast.mary)  # noqa: E731
    assert code_of(add) is Code.INVALID, "a code is never used twice"
    assert code_of(lambda: reject_reasons.retire_reason("over_limit", by=scene.cast.mary)) is Code.WRONG_STATE


def test_one_reason_for_all_stays_and_no_page_offers_more_than_nine(scene: Scene) -> None:
    mary = scene.cast.mary
    for number in range(3):
        reject_reasons.add_reason(f"more_{number}", "One more", by=mary, action_type=scene.refund)
    for action_type in (scene.refund, None):
        add = lambda at=action_type: reject_reasons.add_reason("tenth", "Too many", by=mary, action_type=at)  # noqa: E731
        assert code_of(add) is Code.INVALID
    reject_reasons.add_reason("tenth", "Fits there", by=mary, action_type=scene.express)
    for code in ("facts_differ", "wrong_subject", "not_verified", "over_limit", "against_policy"):
        reject_reasons.retire_reason(code, by=mary)
    assert code_of(lambda: reject_reasons.retire_reason("not_needed", by=mary)) is Code.WRONG_STATE


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("ab", "Fine words"), ("Über", "Fine words"), ("a b c", "Fine words"), ("fine", "<b>no</b>"), ("fine", "")],
)
def test_a_reason_is_plain(scene: Scene, code: str, sentence: str) -> None:
    assert code_of(lambda: reject_reasons.add_reason(code, sentence, by=scene.cast.mary)) is Code.INVALID


def test_nobody_but_the_council_touches_reasons(scene: Scene) -> None:
    assert code_of(lambda: reject_reasons.add_reason("fine", "Fine words", by=scene.cast.grace)) is Code.FORBIDDEN
    assert code_of(lambda: reject_reasons.retire_reason("not_needed", by=scene.cast.grace)) is Code.FORBIDDEN


@pytest.mark.parametrize("change", [{"sentence": "Other words"}, {"code": "other"}, {"retired_at": None}])
def test_the_database_too_keeps_a_reason(scene: Scene, change: dict[str, str | None]) -> None:
    reject_reasons.retire_reason("not_needed", by=scene.cast.mary)
    with pytest.raises(DatabaseError, match="only ever retired"), transaction.atomic():
        RejectReason.objects.filter(code="not_needed").update(**change)
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        RejectReason.objects.filter(code="over_limit").delete()


def test_the_council_works_at_its_desk(scene: Scene) -> None:
    council = visitor(scene.cast.mary)
    path = "/council/reviews/rejectreason/"
    response = council.post(
        f"{path}add/", {"code": "duplicate", "sentence": "It was asked for before", "action_type": ""}
    )
    assert response.status_code == 302
    assert RejectReason.objects.get(code="duplicate").action_type is None
    chosen = {"action": "retire", "_selected_action": RejectReason.objects.get(code="duplicate").pk}
    assert council.post(path, chosen).status_code == 302
    assert RejectReason.objects.get(code="duplicate").retired_at is not None
    assert ActionType.objects.count()
