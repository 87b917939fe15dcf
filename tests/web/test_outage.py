"""A page without the database says so, and when to try again; a fragment leaves the page on the screen as it is."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from django.conf import settings
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from config.surface import dispatcher
from reviews import queue
from tests.api.wsgi import Transport
from tests.cast import Cast
from tests.support.stages import connected
from tests.web.reading import visitor, words

SILENT = "The database does not answer."
SIGNED_IN = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={'a' * 32}", "Host": "localhost"}


@pytest.fixture
def cut_off(django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A browser that holds a session, at a console whose database does not answer."""
    monkeypatch.setitem(
        connections.settings["default"]["OPTIONS"], "pool", {"min_size": 0, "max_size": 2, "timeout": 0.2}
    )
    with (
        django_db_blocker.unblock(),
        connected("postgresql://placet_app@127.0.0.1:1/nothing"),
        httpx.Client(transport=Transport(dispatcher("web")), base_url="http://localhost", headers=SIGNED_IN) as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/", "/queue/", "/health/", "/council/", "/accounts/login/"])
def test_a_page_without_the_database_is_503_in_words(cut_off: httpx.Client, path: str) -> None:
    answer = cut_off.get(path)
    assert (answer.status_code, SILENT in answer.text) == (503, True)
    assert (answer.headers["retry-after"], answer.headers["cache-control"]) == ("5", "no-store")


def test_a_fragment_without_the_database_takes_the_place_of_nothing(cut_off: httpx.Client) -> None:
    # htmx puts a 503 on the page, and whoever works on a case would lose it
    assert cut_off.get("/queue/", headers={"HX-Request": "true"}).status_code == 500


def test_a_defect_of_ours_is_not_called_an_outage(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(*_: object, **__: object) -> None:
        raise RuntimeError("the inside of the machine")

    monkeypatch.setattr(queue, "read", defective)
    browser = visitor(cast.ada)
    browser.raise_request_exception = False
    answer = browser.get("/queue/")
    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)
    assert "Something broke on our side." in words(answer)
    assert "the inside of the machine" not in words(answer)
