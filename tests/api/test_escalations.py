"""GET escalations/: an agent is told the state of its case, and a verdict only when its hold is over."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from governance import halt, permit
from governance.models import Grant, Permission
from reviews import judge, take, verify
from reviews.answers import wire
from reviews.api.documents import ActionShown, CaseShown, Withdrawn
from reviews.models import Escalation
from tests.api.conftest import Desk, wanted
from tests.cast import BY, Cast
from tests.reviews.scene import Scene, overdue

HOLD = 1.0


@pytest.fixture
def counter(desk: Desk, scene: Scene) -> Desk:
    """Refunder at the API of the shop."""
    return desk


def opened(scene: Scene, **more: Any) -> Escalation:
    """A case of Refunder in the shop, its record read."""
    case = scene.case(elevate=True, **more)
    verify.verify(case.pk)
    case.refresh_from_db()
    return case


def shown(desk: Desk, case: Escalation | UUID) -> dict[str, Any]:
    answer = desk.get(f"escalations/{case if isinstance(case, UUID) else case.pk}/")
    assert answer.status_code == 200, answer.text
    CaseShown.model_validate_json(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json()
    assert ("retry-after" in answer.headers) == (told["status"] in ("checking", "pending"))
    return told


def state(desk: Desk, case: Escalation) -> str:
    answer = desk.get(f"actions/{case.action_id}/")
    ActionShown.model_validate_json(answer.text)
    return str(answer.json()["state"])


def test_a_case_is_checking_until_its_record_was_read(counter: Desk, scene: Scene) -> None:
    case = scene.case(elevate=True)
    assert shown(counter, case)["status"] == "checking"
    verify.verify(case.pk)
    assert shown(counter, case)["status"] == "pending"


@pytest.fixture
def blink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds that a test can wait for, and that a busy machine does not outlast before it looks."""
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: HOLD)


def test_an_approval_is_told_when_its_hold_is_over_and_not_before(counter: Desk, scene: Scene, blink: None) -> None:
    case = opened(scene)
    verdict = scene.approve(case)
    told = shown(counter, case)
    assert (told["status"], told["grant"], told["closed_at"]) == ("pending", None, None)
    assert counter.get(f"actions/{case.action_id}/").json()["grant"] is None
    time.sleep(HOLD)
    told = shown(counter, case)
    assert (told["status"], told["closed_at"]) == ("approved", wire(verdict.final_at))
    assert told["grant"]["id"] == counter.get(f"actions/{case.action_id}/").json()["grant"]["id"]


def test_a_reject_is_told_with_its_preset_reason_when_its_hold_is_over(
    counter: Desk, scene: Scene, blink: None
) -> None:
    case = opened(scene)
    scene.take(case)
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="wrong_subject")
    told = shown(counter, case)
    assert (told["status"], told["reject_reason"], state(counter, case)) == ("pending", None, "escalated")
    time.sleep(HOLD)
    told = shown(counter, case)
    assert (told["status"], state(counter, case)) == ("rejected", "refused")
    assert told["reject_reason"] == {"code": "wrong_subject", "sentence": "This is somebody else's record"}


def test_a_verdict_that_was_withdrawn_was_never_there(counter: Desk, scene: Scene) -> None:
    case = opened(scene)
    before = shown(counter, case)
    judge.withdraw(scene.approve(case).pk, reviewer=scene.cast.ada)
    assert shown(counter, case) == before
    assert counter.get(f"actions/{case.action_id}/").json()["grant"] is None


def test_while_a_verdict_is_on_hold_no_other_call_gives_it_away(counter: Desk, scene: Scene) -> None:
    approved, rejected = opened(scene), opened(scene, order="W2")
    pending = opened(scene, order="W3")
    grant = Grant.objects.get(verdict_id=scene.approve(approved).pk)
    scene.take(rejected)
    judge.reject(rejected.pk, reviewer=scene.cast.ada, reason="not_needed")
    answers = {
        case: [
            without_instance(counter.post(f"actions/{case.action_id}/report/", {"status": "succeeded"})),
            without_instance(counter.post(f"actions/{case.action_id}/withdraw/", {"surplus": 1})),
        ]
        for case in (approved, rejected, pending)
    }
    assert answers[approved] == answers[pending]
    assert answers[rejected] == answers[pending]
    assert str(grant.pk) not in str(answers)


def without_instance(answer: httpx.Response) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    return {name: value for name, value in told.items() if name != "instance"}


def test_each_pick_up_of_an_approval_mints_a_token_of_at_most_five_minutes(
    counter: Desk, scene: Scene, no_hold: None
) -> None:
    case = opened(scene)
    scene.approve(case)
    told = shown(counter, case)
    keys = KeySet.import_key_set(counter.client.get("/.well-known/jwks.json").json())
    claims = jwt.decode(told["grant"]["token"], keys, algorithms=["EdDSA"]).claims
    assert (claims["jti"], claims["action_hash"]) == (told["grant"]["id"], told["action_digest"])
    assert claims["exp"] - claims["iat"] <= 300


def test_an_approval_under_a_halt_has_no_token_nor_after_it_was_lifted(
    counter: Desk, scene: Scene, no_hold: None
) -> None:
    case = opened(scene)
    scene.approve(case)
    declared = halt.halt("enterprise", "acme", reason="drill", by=BY)
    assert "token" not in shown(counter, case)["grant"]
    halt.lift(declared, by=BY)
    told = shown(counter, case)
    assert (told["status"], "token" in told["grant"]) == ("approved", False)
    answer = counter.post(f"grants/{told['grant']['id']}/redeem/", {"digest": told["action_digest"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "grant_void")
    assert shown(counter, case)["superseded_by"]["id"] == answer.json()["escalation"]


def test_an_approval_that_would_be_refused_now_says_why(counter: Desk, scene: Scene, no_hold: None) -> None:
    case = opened(scene)
    scene.approve(case)
    permit.revoke(Permission.objects.get(agent=scene.cast.refunder, action_type=scene.refund), by=BY)
    told = shown(counter, case)
    assert (told["status"], "token" in told["grant"]) == ("approved", False)
    assert [reason["code"] for reason in told["reasons"]] == ["no_permission"]


def test_a_used_grant_has_no_token_any_more(counter: Desk, scene: Scene, no_hold: None) -> None:
    case = opened(scene)
    scene.approve(case)
    told = shown(counter, case)
    assert counter.post(f"grants/{told['grant']['id']}/redeem/", {"digest": told["action_digest"]}).status_code == 200
    told = shown(counter, case)
    assert told["status"] == "approved"
    assert (told["grant"]["redeemed_at"] is None, "token" in told["grant"]) == (False, False)


def test_a_case_that_nobody_decided_is_expired_the_moment_its_time_is_over(counter: Desk, scene: Scene) -> None:
    case = opened(scene)
    overdue(case)
    assert Escalation.objects.get(pk=case.pk).state == "open"
    assert shown(counter, case)["status"] == "expired"


def test_a_halt_freezes_the_deadline_that_is_told(counter: Desk, scene: Scene) -> None:
    case = opened(scene)
    before = shown(counter, case)["deadline"]
    halt.halt("enterprise", "acme", reason="drill", by=BY)
    time.sleep(0.05)
    assert shown(counter, case)["deadline"] > before


def test_a_withdrawn_request_is_withdrawn_at_once(counter: Desk, scene: Scene) -> None:
    case = opened(scene)
    answer = counter.post(f"actions/{case.action_id}/withdraw/")
    Withdrawn.model_validate_json(answer.text)
    assert answer.status_code == 200
    assert (shown(counter, case)["status"], state(counter, case)) == ("withdrawn", "withdrawn")


def test_an_empty_object_withdraws_as_no_body_does(counter: Desk, scene: Scene) -> None:
    case = opened(scene)
    assert counter.post(f"actions/{case.action_id}/withdraw/", {}).json()["state"] == "withdrawn"


def test_a_changed_record_supersedes_the_case_and_the_new_one_is_named(
    counter: Desk, scene: Scene, no_hold: None
) -> None:
    case = opened(scene)
    scene.approve(case)
    told = shown(counter, case)
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W1'")
    answer = counter.post(f"grants/{told['grant']['id']}/redeem/", {"digest": told["action_digest"]})
    assert (answer.status_code, answer.json()["code"]) == (412, "record_changed")
    told = shown(counter, case)
    assert told["status"] == "superseded"
    assert told["superseded_by"]["id"] == answer.json()["escalation"]
    assert shown(counter, UUID(told["superseded_by"]["id"]))["status"] == "pending"
    assert counter.get(f"actions/{case.action_id}/").json()["escalation"]["id"] == told["superseded_by"]["id"]


def test_another_agents_case_does_not_exist(counter: Desk, scene: Scene) -> None:
    case = opened(scene)
    answer = counter.holding(scene.cast.drafter_key).get(f"escalations/{case.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("reason", ["uncertain", "novel_input", "ambiguous_policy"])
def test_an_agent_escalates_by_itself(counter: Desk, reason: str) -> None:
    answer = counter.post("escalations/", wanted() | {"reason": reason})
    told = answer.json()
    assert (answer.status_code, told["outcome"]) == (202, "escalate")
    assert told["reasons"][0]["code"] == f"agent_{reason}"
    assert shown(counter, UUID(told["escalation"]["id"]))["status"] == "checking"


def test_an_action_and_an_escalation_are_different_calls_for_one_key(counter: Desk) -> None:
    assert counter.post("actions/", wanted(), key="one").status_code == 200
    answer = counter.post("escalations/", wanted() | {"reason": "uncertain"}, key="one")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_body_changed")


def test_an_agent_without_permission_cannot_escalate_either(counter: Desk, cast: Cast) -> None:
    permit.revoke(Permission.objects.get(agent=cast.refunder, action_type=cast.refund), by=BY)
    answer = counter.post("escalations/", wanted() | {"reason": "uncertain"})
    assert (answer.status_code, answer.json()["code"]) == (403, "refused")


def test_a_notice_is_acknowledged_and_never_granted(counter: Desk, cast: Cast) -> None:
    body = {"action_type": "notice", "parameters": {"reason": "no_policy", "record": "W1"}, "run": "run-1"}
    told = counter.holding(cast.drafter_key).post("escalations/", body | {"reason": "out_of_scope"}).json()
    case = Escalation.objects.get(pk=told["escalation"]["id"])
    take.take(case.pk, reviewer=cast.ada)
    judge.acknowledge(case.pk, reviewer=cast.ada)
    seen = shown(counter.holding(cast.drafter_key), case)
    assert (seen["status"], seen["grant"]) == ("acknowledged", None)
    assert not Grant.objects.exists()
