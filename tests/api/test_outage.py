"""Without the database every call says so, and says when to ask again; what is published stays published."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from config.surface import dispatcher
from governance.hot import ServerError
from reviews import intake
from tests.api.conftest import Desk, wanted
from tests.api.wsgi import Transport
from tests.support.stages import connected

KEY = "plc_abcdefgh_" + "A" * 43
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def cut_off(django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An agent at a surface whose database does not answer."""
    monkeypatch.setitem(
        connections.settings["default"]["OPTIONS"], "pool", {"min_size": 0, "max_size": 2, "timeout": 0.2}
    )
    with (
        django_db_blocker.unblock(),
        connected("postgresql://placet_app@127.0.0.1:1/nothing"),
        httpx.Client(transport=Transport(dispatcher("api")), base_url="http://testserver") as client,
    ):
        yield Desk(client, KEY)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "actions/", wanted()),
        ("POST", "actions/", {"not": "closed"}),
        ("POST", "escalations/", wanted() | {"reason": "uncertain"}),
        ("POST", f"actions/{NOBODY}/report/", {"status": "succeeded"}),
        ("POST", f"actions/{NOBODY}/withdraw/", {}),
        ("POST", f"grants/{NOBODY}/redeem/", {"digest": "0" * 64}),
        ("GET", f"actions/{NOBODY}/", None),
        ("GET", f"escalations/{NOBODY}/", None),
    ],
)
def test_a_call_without_the_database_is_503_and_can_be_asked_again(
    cut_off: Desk, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = cut_off.post(path, body) if method == "POST" else cut_off.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/errors/", "/.well-known/jwks.json"])
def test_what_is_published_needs_no_database(cut_off: Desk, path: str) -> None:
    assert cut_off.client.get(path).status_code == 200


def test_a_key_of_the_wrong_shape_is_refused_without_the_database(cut_off: Desk) -> None:
    assert cut_off.holding("plc_short").ask().status_code == 401


def test_a_defect_of_ours_is_a_problem_that_says_nothing_and_a_log_line_that_says_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the inside of the machine")

    monkeypatch.setattr(intake, "ask", broken)
    with caplog.at_level(logging.ERROR):
        answer = desk.ask()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "machine" not in answer.text
    assert any(problem["instance"] in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("state", ["25006", "53100"])
def test_a_decision_that_cannot_be_written_is_503(desk: Desk, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """The database only reads, or its disk is full."""

    def unwritable(*_: object) -> None:
        raise ServerError("could not write", state, "")

    monkeypatch.setattr(intake, "commit", unwritable)
    answer = desk.ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "nothing happened" in answer.json()["detail"]
