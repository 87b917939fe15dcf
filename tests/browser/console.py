"""A real console in a real browser, on a database of the test alone, people signed in by their cookie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from governance import catalogue
from reviews.models import Escalation
from tests.browser.house import House
from tests.cast import BY
from tests.reviews.scene import REFUND, Scene
from tests.web.reading import visitor

# A poll may take its time, and the machine may be busy.
expect.set_options(timeout=20_000)


@dataclass
class Console:
    """Where the console is, and the shop behind it. `complaints` are errors that any page's browser reported."""

    address: str
    browser: Browser
    scene: Scene
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, user: User | None, path: str = "/", **options: Any) -> Page:
        """A page of a new browser context in which this person is signed in."""
        chosen = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
        context = self.browser.new_context(**chosen)
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        if user is not None:
            cookie = visitor(user).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.address}])
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.address}{path}")
        return page

    def case(self, case: Escalation, user: User | None = None, **options: Any) -> Page:
        """The page of a case."""
        return self.open(user or self.scene.cast.ada, f"/escalations/{case.pk}/", **options)

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        # a status that is no success is what some of these tests are about
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def console(committed_scene: Scene, house: tuple[House, str], browser: Browser) -> Any:
    """The console, closed with the test; nothing any browser complained about goes unnoticed.

    Verdicts are held for a minute, so that a slow machine withdraws one in time.
    """
    catalogue.save_action_type({**REFUND, "hold": "60s"}, domain=committed_scene.cast.service, by=BY)
    served, address = house
    opened = Console(address, browser, committed_scene)
    yield opened
    opened.close()
    served.rest()
    assert not opened.complaints, opened.complaints
