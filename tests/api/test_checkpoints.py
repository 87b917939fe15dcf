"""A running action asks over HTTP whether it may continue."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from governance import catalogue, halt
from governance.models import Action
from reviews.api.documents import ActionShown, Continued, Problem
from tests.api.conftest import Desk
from tests.cast import BENCH_REFUND, BY, Cast
from tests.reviews.scene import given_earlier


@pytest.fixture
def leased(desk: Desk, cast: Cast) -> Desk:
    """Refunder, whose refunds ask at least every minute."""
    catalogue.save_action_type({**BENCH_REFUND, "checkpoint": "60s"}, domain=cast.service, by=BY)
    return desk


def test_an_answer_says_until_when_to_ask_and_a_checkpoint_moves_it(leased: Desk) -> None:
    asked = leased.ask().json()
    early = leased.post(f"actions/{asked['id']}/checkpoint/").json()
    assert abs(datetime.fromisoformat(early["lease_until"]) - datetime.fromisoformat(asked["lease_until"])) < timedelta(
        seconds=1
    )
    given_earlier(asked["id"], 20)
    answer = leased.post(f"actions/{asked['id']}/checkpoint/")
    told = Continued.model_validate_json(answer.text)
    assert answer.status_code == 200
    assert (told.continue_, told.checkpoint_in, told.stop, told.reasons) == (True, 30, None, [])
    assert answer.json()["lease_until"] > asked["lease_until"]
    assert answer.json()["report_by"] > asked["report_by"]
    shown = ActionShown.model_validate_json(leased.get(f"actions/{asked['id']}/").text)
    assert shown.lease_until == told.lease_until
    assert shown.stop is None


def test_without_a_lease_nothing_says_when_to_ask(desk: Desk) -> None:
    asked = desk.ask().json()
    assert "lease_until" not in asked
    told = desk.post(f"actions/{asked['id']}/checkpoint/", {}).json()
    assert (told["continue"], told["lease_until"], told["checkpoint_in"]) == (True, None, None)


def test_after_a_halt_it_is_told_to_stop_and_told_again(leased: Desk, cast: Cast) -> None:
    asked = leased.ask().json()
    halt.lift(halt.halt("agent", str(cast.refunder.pk), reason="test", by=BY), by=BY)
    first, again = (leased.post(f"actions/{asked['id']}/checkpoint/").json() for _ in range(2))
    assert (first["continue"], first["stop"]["code"]) == (False, "halted")
    assert "Stop" in first["stop"]["sentence"]
    assert (first["lease_until"], first["checkpoint_in"]) == (None, None)
    assert again == {**first, "reasons": []}
    assert leased.get(f"actions/{asked['id']}/").json()["stop"] == first["stop"]
    assert leased.post(f"actions/{asked['id']}/report/", {"status": "failed"}).status_code == 200


def test_the_reasons_of_a_stop_say_what_would_help(leased: Desk, cast: Cast) -> None:
    asked = leased.ask().json()
    halt.halt("project", "refunds", reason="test", by=BY)
    (reason,) = leased.post(f"actions/{asked['id']}/checkpoint/").json()["reasons"]
    assert reason["code"] == "halted"
    assert reason["help"]


def test_a_closed_action_has_no_checkpoints_and_a_foreign_one_does_not_exist(leased: Desk, cast: Cast) -> None:
    asked = leased.ask().json()
    foreign = leased.holding(cast.drafter_key).post(f"actions/{asked['id']}/checkpoint/")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    leased.post(f"actions/{asked['id']}/report/", {"status": "succeeded"})
    closed = leased.post(f"actions/{asked['id']}/checkpoint/")
    Problem.model_validate_json(closed.text)
    assert (closed.status_code, closed.json()["code"]) == (409, "wrong_state")


def test_a_checkpoint_takes_no_fields(leased: Desk) -> None:
    asked = leased.ask().json()
    answer = leased.post(f"actions/{asked['id']}/checkpoint/", {"progress": 50})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_envelope")
    assert Action.objects.get().checkpoints == 0
