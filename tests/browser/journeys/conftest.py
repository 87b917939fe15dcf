"""A journey: people, each in a browser of their own, in one coat; what goes wrong meanwhile fails it at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from governance import catalogue
from tests.browser.house import House
from tests.browser.journeys.coats import NARROW, Coat, coats_of
from tests.browser.journeys.person import Person
from tests.cast import BY
from tests.reviews.scene import REFUND, Scene, committed_scene, shop, shop_database
from tests.web.reading import visitor

__all__ = ["committed_scene", "shop", "shop_database"]

Acts = Callable[..., Any]


def acts(*names: str) -> Callable[[Acts], Acts]:
    """What a journey does, by the names of the addresses it posts to: all of these and nothing else."""

    def marked(journey: Acts) -> Acts:
        journey.acts = frozenset(names)  # type: ignore[attr-defined]
        return journey

    return marked


@dataclass
class Journey:
    """The shop, the coat, and what was done and heard so far."""

    scene: Scene
    coat: Coat
    browser: Browser
    address: str
    complaints: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    meant: set[tuple[int, str]] = field(default_factory=set)
    contexts: list[BrowserContext] = field(default_factory=list)

    def begins(self, who: str | User | None, path: str = "/", **options: Any) -> Person:
        """Somebody comes, signed in unless it is nobody, to a page."""
        chosen = {**self.coat.options, **options}
        context = self.browser.new_context(**chosen)
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        if who is not None:
            user = getattr(self.scene.cast, who) if isinstance(who, str) else who
            cookie = visitor(user).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.address}])
        page = context.new_page()
        self._hears(page)
        narrow, touch = chosen["viewport"] == NARROW, bool(chosen.get("has_touch"))
        person = Person(page, self.address, narrow=narrow, touch=touch)
        person.goes(path)
        return person

    def means(self, status: int, path: str) -> None:
        """An answer that is no success is what this journey is about."""
        self.meant.add((status, path))

    def ends(self) -> None:
        for context in self.contexts:
            context.close()

    def _hears(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"error in {page.url}: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # the statuses are heard as answers
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if request.method == "POST":
            try:
                self.done.add(resolve(urlsplit(request.url).path).view_name)
            except Resolver404:
                self.complaints.append(f"a form leads to {request.url}")

    def _answered(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if response.status >= 400 and (response.status, path) not in self.meant:
            self.complaints.append(f"{response.status} {response.request.method} {path}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every journey in its coats."""
    if "coat" in metafunc.fixturenames:
        metafunc.parametrize("coat", coats_of(metafunc.function.__name__), ids=str)


@pytest.fixture
def journey(
    committed_scene: Scene, coat: Coat, house: tuple[House, str], browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Journey]:
    """Verdicts are held for a minute, so that a slow machine withdraws one in time."""
    catalogue.save_action_type({**REFUND, "hold": "60s"}, domain=committed_scene.cast.service, by=BY)
    served, address = house
    begun = Journey(committed_scene, coat, browser, address)
    failed = request.session.testsfailed
    yield begun
    begun.ends()
    served.rest()
    assert begun.complaints == []
    if request.session.testsfailed == failed:
        assert begun.done == request.function.acts
