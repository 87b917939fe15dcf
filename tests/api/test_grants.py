"""Redeem once, execute, report: what a grant is good for over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from governance import gather, halt
from governance.hot import Statement
from governance.models import Action, Execution, Grant
from reviews import verify
from reviews.api.documents import ActionShown, Problem, Redeemed, Reported
from tests.api.conftest import Desk
from tests.cast import BY, Cast
from tests.reviews.scene import Scene


def redeem(desk: Desk, asked: dict[str, Any], digest: str | None = None) -> Any:
    return desk.post(f"grants/{asked['grant']['id']}/redeem/", {"digest": digest or asked["action_digest"]})


def test_a_grant_is_used_once(desk: Desk) -> None:
    asked = desk.ask().json()
    first, second = redeem(desk, asked), redeem(desk, asked)
    told = Redeemed.model_validate_json(first.text)
    assert (first.status_code, str(told.action)) == (200, asked["id"])
    assert (second.status_code, second.json()["code"]) == (409, "grant_used")


def test_a_grant_is_for_its_digest_alone(desk: Desk) -> None:
    asked = desk.ask().json()
    other = desk.ask(parameters={"customer": "c2", "amount": {"amount": "10.00", "currency": "USD"}}).json()
    answer = redeem(desk, asked, digest=other["action_digest"])
    assert (answer.status_code, answer.json()["code"]) == (412, "digest_mismatch")
    assert Grant.objects.get(pk=asked["grant"]["id"]).redeemed_at is None


def test_a_grant_is_its_agents_alone(desk: Desk, cast: Cast) -> None:
    asked = desk.ask().json()
    answer = redeem(desk.holding(cast.drafter_key), asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert redeem(desk, asked).status_code == 200


def test_a_halt_stops_a_grant_that_was_given_before_it(desk: Desk, cast: Cast) -> None:
    asked = desk.ask().json()
    halt.halt("agent", str(cast.refunder.pk), reason="test", by=BY)
    answer = redeem(desk, asked)
    Problem.model_validate_json(answer.text)
    assert (answer.status_code, answer.json()["code"]) == (409, "grant_void")


def test_a_grant_whose_rule_could_not_be_read_is_asked_for_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = desk.ask().json()
    with monkeypatch.context() as lost:
        lost.setattr(gather, "_GATHER", Statement("test_gone", "select gone"))
        answer = redeem(desk, asked)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert redeem(desk, asked).status_code == 200


def test_what_rolled_back_before_it_keeps_no_grant_from_anybody(desk: Desk) -> None:
    before, asked = desk.ask().json(), desk.ask().json()
    assert redeem(desk, before).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")  # as the driver does whenever it rolls back
    assert redeem(desk, asked).status_code == 200


def test_a_grant_on_hold_says_when_it_opens(desk: Desk, scene: Scene) -> None:
    case = scene.case(elevate=True)
    verify.verify(case.pk)
    grant = Grant.objects.get(verdict_id=scene.approve(case).pk)
    answer = desk.post(f"grants/{grant.pk}/redeem/", {"digest": bytes(grant.digest).hex()})
    assert (answer.status_code, answer.json()["code"]) == (409, "grant_not_yet_open")
    assert 1 <= int(answer.headers["retry-after"]) <= 5


def test_a_source_that_is_down_is_asked_again_later(
    desk: Desk, scene: Scene, no_hold: None, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    case = scene.case(elevate=True)
    verify.verify(case.pk)
    grant = Grant.objects.get(verdict_id=scene.approve(case).pk)
    settings.PLACET_CONNECTORS = {"records": "postgresql://nobody@127.0.0.1:1/nothing"}
    answer = desk.post(f"grants/{grant.pk}/redeem/", {"digest": bytes(grant.digest).hex()})
    assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert Grant.objects.get(pk=grant.pk).voided_at is None
    assert "django.request" not in {each.name for each in caplog.records}, "no error of ours, however often it is asked"


@pytest.mark.parametrize("status", ["succeeded", "failed", "not_executed"])
def test_a_report_closes_the_action(desk: Desk, status: str) -> None:
    asked = desk.ask().json()
    report = {"status": status, "latency_ms": 340, "record_version": 'W/"18"'}
    answer = desk.post(f"actions/{asked['id']}/report/", report)
    told = Reported.model_validate_json(answer.text)
    assert (answer.status_code, told.state) == (200, status)
    execution = Execution.objects.get(action_id=asked["id"])
    assert (execution.latency_ms, execution.record_version) == (340, 'W/"18"')
    shown = ActionShown.model_validate_json(desk.get(f"actions/{asked['id']}/").text)
    assert shown.execution is not None
    assert (shown.state, shown.execution.status) == (status, status)


def test_a_report_may_leave_out_what_the_agent_does_not_know(desk: Desk) -> None:
    asked = desk.ask().json()
    assert desk.post(f"actions/{asked['id']}/report/", {"status": "succeeded"}).status_code == 200
    execution = Execution.objects.get(action_id=asked["id"])
    assert (execution.latency_ms, execution.record_version) == (None, "")


def test_the_same_report_twice_is_one_and_another_is_refused(desk: Desk) -> None:
    asked = desk.ask().json()
    path = f"actions/{asked['id']}/report/"
    first, again = (desk.post(path, {"status": "succeeded"}) for _ in range(2))
    other = desk.post(path, {"status": "not_executed"})
    assert (first.json(), again.status_code) == (again.json(), 200)
    assert (other.status_code, other.json()["code"]) == (409, "wrong_state")


def test_a_reported_action_has_nothing_left_to_redeem(desk: Desk) -> None:
    asked = desk.ask().json()
    desk.post(f"actions/{asked['id']}/report/", {"status": "succeeded"})
    answer = redeem(desk, asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "grant_used")


def test_an_executing_action_cannot_be_withdrawn(desk: Desk) -> None:
    asked = desk.ask().json()
    answer = desk.post(f"actions/{asked['id']}/withdraw/")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_a_case_cannot_be_reported(desk: Desk) -> None:
    asked = desk.ask(elevate=True).json()
    answer = desk.post(f"actions/{asked['id']}/report/", {"status": "succeeded"})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_from_asking_to_the_report_of_what_a_person_approved(desk: Desk, scene: Scene, no_hold: None) -> None:
    case = scene.case(elevate=True)
    verify.verify(case.pk)
    scene.approve(case)
    told = desk.get(f"escalations/{case.pk}/").json()
    used = redeem(desk, told)
    assert Redeemed.model_validate_json(used.text).report_by is not None
    assert desk.get(f"actions/{told['action']}/").json()["state"] == "executing"
    answer = desk.post(f"actions/{told['action']}/report/", {"status": "succeeded"})
    assert answer.json()["state"] == "succeeded"
    assert Action.objects.get(pk=told["action"]).state == "succeeded"
