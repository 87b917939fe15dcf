"""The same attacks as in tests/web, on the same pages, in a browser that would run whatever got through."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest
from playwright.sync_api import Page, expect

from reviews import sample
from tests.browser.console import Console
from tests.support.proof import PROVE, tell
from tests.web.attack import Detector, made, strings
from tests.web.test_injections import Garden

pytestmark = pytest.mark.browser


class Watched:
    """A page of which every dialog, every window and every change of title by a script is noted."""

    def __init__(self, page: Page) -> None:
        self.page, self.ran = page, list[str]()
        page.on("dialog", self._dialog)
        page.on("popup", lambda opened: self.ran.append(opened.url))

    def _dialog(self, dialog: object) -> None:
        self.ran.append(str(dialog))
        dialog.dismiss()  # type: ignore[attr-defined]

    def go(self, url: str) -> str:
        """The page as the browser made it; nothing of it ran."""
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == 200, url
        assert re.search(" · Placet$", self.page.title()), url
        return self.page.content()


@pytest.mark.full
def test_no_attack_is_rendered_nor_run(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    attacks = [*strings(), *made(529)]
    attacks = attacks if PROVE else attacks[::20]
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    garden = Garden(console.scene, attacks)
    cases, draws, detector = garden.plant(), garden.run(), Detector(attacks)
    ada = Watched(console.open(console.scene.cast.ada, "/queue/"))
    mary = Watched(console.open(console.scene.cast.mary, "/alerts/"))
    shown = (
        ["/queue/", "/spot-reviews/", f"/agents/{console.scene.cast.refunder.pk}/"],
        (f"/spot-reviews/{draw.pk}/" for draw in draws),
        (f"/escalations/{case.pk}/" for case in cases),
        (f"/decisions/{case.action_id}/" for case in cases[:: 1 if PROVE else 4]),
    )
    seen = 0
    for path in itertools.chain.from_iterable(shown):
        assert not detector.found(ada.go(f"{console.address}{path}")), path
        seen += 1
    seen += opened(console, mary, (str(case.action_id) for case in cases[:: 1 if PROVE else 4]), detector)
    assert ada.ran + mary.ran == []
    assert console.complaints == [], "what the policy stopped would be here"
    tell(size=f"{len(attacks):,} attacks on {seen} pages", figure="0 rendered, 0 run")


def opened(console: Console, watched: Watched, actions: Iterable[str], detector: Detector) -> int:
    """The sealed view is the one that shows them, as text; what draws nothing or turns text it spells out."""
    count, told = 0, set[str]()
    for action in actions:
        watched.go(f"{console.address}/sealed/{action}/")
        watched.page.get_by_role("radio").first.check()
        watched.page.get_by_role("button", name="Open, and write it into the ledger").click()
        expect(watched.page.get_by_text("Agents and strangers wrote what follows.")).to_be_visible()
        told |= detector.found(watched.page.content())
        assert re.search(" · Placet$", watched.page.title())
        count += 1
    assert told
    return count


def test_markup_that_got_through_would_be_noticed(console: Console) -> None:
    watched = Watched(console.open(console.scene.cast.ada, "/queue/"))
    for attack in (text for text in made(15) if "onerror" in text or "onload" in text or "onfocus" in text):
        watched.page.evaluate("text => document.body.insertAdjacentHTML('beforeend', '<b title=\\'' + text)", attack)
        watched.page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", attack)
    for _ in range(100):
        watched.page.wait_for_timeout(100)
        if any("Content Security Policy" in told for told in console.complaints):
            break
    else:
        pytest.fail("nothing was noticed")
    console.complaints.clear()
