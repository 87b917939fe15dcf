"""What the buttons of a case do: with htmx a fragment comes back, without JavaScript a page."""

from __future__ import annotations

from typing import Any

import pytest

from governance import halt
from governance.models import Grant, HaltTarget
from reviews import judge
from reviews.models import Escalation, Verdict
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, overdue
from tests.web.reading import HTMX, buttons, hidden, said, visitor, words


def post(scene: Scene, case: Escalation, verb: str, data: Any = None, *, who: str = "ada", htmx: bool = False) -> Any:
    client = visitor(getattr(scene.cast, who))
    headers = HTMX if htmx else {}
    return client.post(f"/escalations/{case.pk}/{verb}/", data or {}, headers=headers)


def stated(scene: Scene, case: Escalation, who: str = "ada") -> dict[str, str]:
    """What the form of the page states."""
    return hidden(visitor(getattr(scene.cast, who)).get(f"/escalations/{case.pk}/"))


def test_taking_leases_the_case_and_checks_it(scene: Scene) -> None:
    case = scene.case()
    response = post(scene, case, "take")
    assert (response.status_code, response["Location"]) == (302, f"/escalations/{case.pk}/")
    case.refresh_from_db()
    assert case.taken_by == scene.cast.ada
    assert case.snapshot is not None


def test_taking_with_htmx_brings_the_facts_and_the_buttons(scene: Scene) -> None:
    response = post(scene, scene.case(), "take", htmx=True)
    assert response.status_code == 200
    assert "<html" not in response.content.decode()
    assert {"a", "r", "v"} <= set(buttons(response))


def test_taking_what_somebody_else_has_names_them(scene: Scene) -> None:
    case = scene.take(scene.case(), scene.cast.grace)
    response = post(scene, case, "take", htmx=True)
    assert response.status_code == 409
    assert said(response) == "grace is deciding this case. What follows is how it stands now."


def test_giving_a_case_back_frees_it(scene: Scene) -> None:
    case = scene.take(scene.case())
    assert post(scene, case, "release").status_code == 302
    case.refresh_from_db()
    assert case.taken_by is None
    assert post(scene, case, "release").status_code == 409


def test_verify_again_reads_the_record_anew(scene: Scene) -> None:
    case = scene.take(scene.case())
    scene.sql("update shop.orders set paid = 800 where record_id = 'W1'")
    response = post(scene, case, "verify", htmx=True)
    assert "Refund $480.00 of $800.00 paid" in words(response)


def test_verify_again_is_for_whoever_has_the_case(scene: Scene) -> None:
    case = scene.take(scene.case(), scene.cast.grace)
    before = case.snapshot_id
    response = post(scene, case, "verify")
    assert response.status_code == 409
    assert said(response).startswith("Take the case first")
    case.refresh_from_db()
    assert case.snapshot_id == before


def test_approving_what_was_shown_grants_it(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = post(scene, case, "approve", stated(scene, case))
    assert (response.status_code, response["Location"]) == (302, f"/escalations/{case.pk}/")
    verdict = Verdict.objects.get(escalation=case)
    assert (verdict.approve, verdict.reviewer) == (True, scene.cast.ada)
    assert Grant.objects.get().verdict_id == verdict.pk


def test_approving_with_htmx_shows_the_held_verdict(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = post(scene, case, "approve", stated(scene, case), htmx=True)
    assert response.status_code == 200
    assert "You approved this case" in words(response)
    assert "w" in buttons(response)
    assert "Next case n" in words(response)


def test_approving_facts_that_were_read_again_is_refused(scene: Scene) -> None:
    case = scene.take(scene.case())
    seen = stated(scene, case)
    scene.sql("update shop.orders set paid = 800 where record_id = 'W1'")
    post(scene, case, "verify")
    response = post(scene, case, "approve", seen, htmx=True)
    assert response.status_code == 412
    assert said(response).startswith("The facts were read again since you saw them")
    assert "Refund $480.00 of $800.00 paid" in words(response)
    assert not Verdict.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"action_digest": "0" * 64},
        {"action_digest": "x" * 64, "snapshot_digest": "0" * 64, "consent": "0" * 64},
        {"action_digest": "0" * 63, "snapshot_digest": "0" * 64, "consent": "0" * 64},
        {"action_digest": "", "snapshot_digest": "", "consent": ""},
        {"action_digest": "0" * 64, "snapshot_digest": "0" * 64},
    ],
)
def test_a_form_that_states_nothing_is_refused(scene: Scene, data: dict[str, str]) -> None:
    case = scene.take(scene.case())
    response = post(scene, case, "approve", data)
    assert response.status_code == 422
    assert said(response) == "The form does not say which facts it was shown with. Open the case again."
    assert not Verdict.objects.exists()


def test_digests_of_something_else_are_refused(scene: Scene) -> None:
    case = scene.take(scene.case())
    wrong = {"action_digest": "0" * 64, "snapshot_digest": "0" * 64, "consent": "0" * 64}
    assert post(scene, case, "approve", wrong).status_code == 412
    assert not Grant.objects.exists()


def test_a_difference_cannot_be_approved_past_the_disabled_button(scene: Scene) -> None:
    case = scene.take(scene.case(subject="c-2"))
    response = post(scene, case, "approve", stated(scene, case))
    assert response.status_code == 409
    assert said(response).startswith("The system of record differs: owner.")


def test_a_mandate_that_ends_below_cannot_be_passed(scene: Scene) -> None:
    case = scene.take(scene.case("600.00"))
    response = post(scene, case, "approve", stated(scene, case), htmx=True)
    assert response.status_code == 403
    assert said(response).startswith("Your mandate ends at")
    assert "<html" not in response.content.decode()


def test_a_halt_stops_approving_and_not_rejecting(scene: Scene) -> None:
    case = scene.take(scene.case())
    seen = stated(scene, case)
    halt.halt(HaltTarget.ENTERPRISE, "acme", reason="drill", by=BY)
    response = post(scene, case, "approve", seen)
    assert response.status_code == 409
    assert said(response).startswith("A halt is in force here")
    assert post(scene, case, "reject", {"reason": "not_needed"}).status_code == 302


def test_a_verdict_without_the_lease_is_refused(scene: Scene) -> None:
    case = scene.take(scene.case())
    seen = stated(scene, case)
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    for verb, data in (("approve", seen), ("reject", {"reason": "not_needed"})):
        response = post(scene, case, verb, data)
        assert response.status_code == 409
        assert said(response).startswith("Take the case first")


def test_the_loser_of_a_race_is_told_who_decided_what(scene: Scene) -> None:
    case = scene.take(scene.case(), scene.cast.grace)
    seen = stated(scene, case, "grace")
    scene.approve(case, scene.cast.grace)
    response = post(scene, case, "approve", seen, htmx=True)
    assert response.status_code == 409
    assert said(response).startswith("grace approved this case at ")
    assert Verdict.objects.count() == 1


def test_time_that_is_up_is_told(scene: Scene) -> None:
    case = scene.take(scene.case())
    seen = stated(scene, case)
    overdue(case)
    response = post(scene, case, "approve", seen)
    assert response.status_code == 409
    assert said(response).startswith("The deadline has passed, which rejects the action.")
    assert "Nobody decided in time" in words(response)


def test_rejecting_needs_a_listed_reason_and_keeps_what_was_chosen(scene: Scene) -> None:
    case = scene.take(scene.case())
    for reason in ("", "because", "<b>"):
        response = post(scene, case, "reject", {"reason": reason}, htmx=True)
        assert response.status_code == 422
        assert said(response) == "Choose a reason to reject."
    assert not Verdict.objects.exists()


def test_rejecting_says_why(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = post(scene, case, "reject", {"reason": "over_limit"}, htmx=True)
    assert "You rejected this case" in words(response)
    assert "Reason: Too much for this customer or agent." in words(response)
    assert Verdict.objects.get().reject_reason == "over_limit"


def test_a_held_verdict_is_withdrawn_and_the_case_is_open_again(scene: Scene) -> None:
    case = scene.case()
    verdict = scene.approve(case)
    response = post(scene, case, f"verdicts/{verdict.pk}/withdraw")
    assert response.status_code == 302
    case.refresh_from_db()
    assert case.state == "open"
    assert Grant.objects.get().voided_at is not None


def test_a_final_verdict_is_not_withdrawn(scene: Scene, no_hold: None) -> None:
    case = scene.case()
    verdict = scene.approve(case)
    response = post(scene, case, f"verdicts/{verdict.pk}/withdraw", htmx=True)
    assert response.status_code == 409
    assert "This is final." in words(response)


def test_somebody_elses_verdict_is_not_withdrawn(scene: Scene) -> None:
    case = scene.case()
    verdict = scene.approve(case)
    response = post(scene, case, f"verdicts/{verdict.pk}/withdraw", who="grace")
    assert response.status_code in (403, 409)
    assert Verdict.objects.get().withdrawn_at is None


def test_a_verdict_that_does_not_exist_is_not_withdrawn(scene: Scene) -> None:
    assert post(scene, scene.case(), "verdicts/999999/withdraw").status_code == 404


@pytest.mark.parametrize("htmx", [False, True])
def test_a_verdict_is_not_withdrawn_at_the_address_of_another_case(scene: Scene, htmx: bool) -> None:
    verdict = scene.approve(scene.case(order="W1"))
    response = post(scene, scene.case(order="W2"), f"verdicts/{verdict.pk}/withdraw", htmx=htmx)
    assert response.status_code == 404
    verdict.refresh_from_db()
    assert verdict.withdrawn_at is None


def test_only_a_notice_is_acknowledged(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = post(scene, case, "acknowledge")
    assert response.status_code == 409
    assert said(response).startswith("Only a notice is acknowledged")


def test_a_problem_without_javascript_is_a_whole_page(scene: Scene) -> None:
    case = scene.take(scene.case(), scene.cast.grace)
    response = post(scene, case, "take")
    assert response.status_code == 409
    assert response.content.decode().startswith("<!DOCTYPE html>")
    assert said(response).startswith("grace is deciding this case.")


def test_judge_is_asked_with_the_person_who_is_signed_in(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(judge, "reject", lambda case, **more: asked.append((case, more)))
    case = scene.take(scene.case())
    post(scene, case, "reject", {"reason": "not_needed", "reviewer": "grace"})
    assert asked == [(case.pk, {"reviewer": scene.cast.ada, "reason": "not_needed"})]
