"""How much the pages where reviewers spend their day ask of the database: no more than this, whatever is added."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db import connection

from reviews.preferences import THEN_COOKIE
from tests.reviews.scene import Scene
from tests.web.reading import HTMX, hidden, visitor

# The first number is what it takes; a few more are left for what a type may ask for besides.
NEXT, QUEUE, POLL = 52 + 4, 11 + 1, 6


def statements(ask: Callable[[], Any]) -> tuple[Any, int]:
    """The answer, and how many statements it took."""
    sent: list[str] = []

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        return ask(), len(sent)


def test_the_next_case_comes_with_few_statements(scene: Scene, settings: Any) -> None:
    """Bound it by what it is: a verdict under its locks, a case found, leased and read, and its page."""
    settings.PLACET_READING_SECONDS, settings.PLACET_READING_SECONDS_PER_CHECK = 1e-6, 0
    first = scene.take(scene.case("480.00"))
    others = {str(scene.case(amount).pk) for amount in ("470.00", "460.00")}
    browser = visitor(scene.cast.ada)
    browser.cookies[THEN_COOKIE] = "next"
    shown = browser.get(f"/escalations/{first.pk}/", headers=HTMX)
    answer, count = statements(lambda: browser.post(f"/escalations/{first.pk}/approve/", hidden(shown), headers=HTMX))
    assert answer.status_code == 200
    assert re.split("/", answer["HX-Push-Url"])[2] in others
    assert count <= NEXT


def test_the_queue_asks_as_much_for_many_rows_as_for_one(scene: Scene) -> None:
    browser = visitor(scene.cast.ada)
    scene.case("480.00")
    _, of_one = statements(lambda: browser.get("/queue/"))
    for amount in ("470.00", "460.00", "450.00"):
        scene.case(amount)
    page, of_four = statements(lambda: browser.get("/queue/"))
    assert page.content.count(b"data-row") == 4
    assert of_four == of_one <= QUEUE
    mark = re.search(r'"If-None-Match": "\\"([0-9a-f]+)', page.content.decode().replace("&quot;", '"'))
    assert mark is not None
    poll, count = statements(lambda: browser.get("/queue/", headers=HTMX | {"If-None-Match": f'"{mark[1]}"'}))
    assert (poll.status_code, count) == (304, POLL)
