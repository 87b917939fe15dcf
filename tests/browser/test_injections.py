"""The same attacks as in tests/web, on every page of the console, in a browser that would run whatever got through."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from governance import halt
from governance.models import Agent
from reviews import judge, sample
from reviews.lack import tell_lack
from reviews.models import Delivery, Draw, Escalation
from reviews.notify import deliver, rounds
from tests.browser.console import Console
from tests.browser.test_every_page import console_routes
from tests.cast import BY
from tests.governance.family import Member, ticket
from tests.house.access import WEB
from tests.reviews.scene import Scene
from tests.support.proof import PROVE, tell
from tests.web.attack import Detector, made, strings
from tests.web.reading import HTMX
from tests.web.test_injections import HEAVIEST, RUN, SOFT, Garden
from tests.web.test_sub_agent_names import HOSTILE, named
from tests.web.test_trace_page import said

pytestmark = pytest.mark.browser

# Addresses that lead to pages which are visited; and the one that shows the council what agents wrote, asked why.
LEADING = {"queue/next/", "spot-reviews/next/"}
SEALED = "sealed/<uuid:action>/"
# Their place is the desk of the council or one's own account, where neither agents nor records write.
BESIDE = ("council/", "accounts/")


@dataclass
class Watched:
    """A page of which every dialog, every window and every change of title by a script is noted."""

    page: Page
    address: str
    ran: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("dialog", self._dialog)
        self.page.on("popup", lambda opened: self.ran.append(opened.url))

    def _dialog(self, dialog: object) -> None:
        self.ran.append(str(dialog))
        dialog.dismiss()  # type: ignore[attr-defined]

    def go(self, path: str) -> str:
        """The page as the browser made it, without the field that keeps what was searched for; nothing of it ran."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.status == 200, path
        assert len(gzip.compress(answer.body())) <= HEAVIEST, path
        assert re.search(" · Placet$", self.page.title()), path
        self.seen.append(self.page.url.removeprefix(self.address))
        return re.sub(r'<input type="search"[^>]*>', "", self.page.content())

    def fragment(self, path: str) -> str:
        """What a script of the page is answered."""
        answer = self.page.request.get(f"{self.address}{path}", headers=HTMX)
        assert answer.status == 200, path
        self.seen.append(path)
        return answer.text()


@dataclass(frozen=True)
class Planted:
    """The console with attacks in everything that agents and records can write, and with something on every page."""

    scene: Scene
    cases: list[Escalation]
    draws: list[Draw]
    below: Agent
    trace: str
    halted: int

    @classmethod
    def by(cls, garden: Garden) -> Planted:
        scene, cast = garden.scene, garden.scene.cast
        cases, draws = garden.plant(), garden.run()
        below = named(cast, HOSTILE, key=cast.refunder_key)
        refunder = Member(cast.refunder, cast.refunder_key)
        ticket(refunder, below)
        first = said(refunder, f"{RUN}-first", run=f"{RUN}-both")
        said(below, f"{RUN}-second", below=first, customer="c-2", run=f"{RUN}-both")
        halted = halt.halt("agent", str(below.agent.pk), reason="A wrong key.", by=BY)
        rounds.tell_due()
        deliver.deliver_due()
        Delivery.objects.filter(channel="email").update(state="dead", why="refused")
        return cls(scene, cases, draws, below.agent, first.trace_id, halted.pk)

    @property
    def few(self) -> list[Escalation]:
        """The cases of which less is asked."""
        return self.cases if PROVE else self.cases[::6]

    def judged(self) -> None:
        """Ada rejects one of each type and says what another lacks; Grace takes what differs from the record."""
        cast = self.scene.cast
        for case in {case.action_type_id: case for case in self.cases[1:]}.values():
            self.scene.take(case)
            judge.reject(case.pk, reviewer=cast.ada, reason="facts_differ")
        tell_lack(self.cases[0].pk, reviewer=cast.ada, kind="missing")

    def differing(self) -> Escalation:
        """A case that the highest rank may approve against the record, in their hands."""
        case = next(case for case in self.cases if case.action_type.key == SOFT)
        return self.scene.take(case, self.scene.cast.grace)

    def for_reviewers(self) -> Iterator[str]:
        """The addresses of pages that every reviewer may open."""
        cast = self.scene.cast
        yield from ("/", "/queue/", "/queue/?mine=yes", "/verdicts/", "/spot-reviews/", "/agents/", "/absences/")
        yield from ("/preferences/", "/security/", "/notices/", "/alerts/", "/halts/", "/health/", "/practice/")
        yield from ("/practice/payee/", f"/halts/{self.halted}/", f"/halts/new/?target=agent&name={self.below.pk}")
        yield from (f"/agents/{cast.refunder.pk}/", f"/agents/{self.below.pk}/", f"/traces/{self.trace}/")
        first = self.cases[0]
        # an id that many things begin with, a run of two agents, and what the record names
        yield from (f"/search/?q={first.pk.hex[:8]}", f"/search/?q={RUN.replace('+', '%2B')}-both")
        yield from (f"/spot-reviews/{draw.pk}/" for draw in self.draws)
        for case in self.cases:
            yield f"/escalations/{case.pk}/"
        for case in self.few:
            yield from (f"/decisions/{case.action_id}/", f"/escalations/{case.pk}/lacks/")
            yield f"/traces/{case.action.trace_id}/"

    def fragments(self) -> Iterator[str]:
        """The addresses that answer the script of an open page."""
        yield from ("/queue/", "/notices/new/")
        for case in self.few:
            yield from (f"/escalations/{case.pk}/clock/", f"/escalations/{case.pk}/?seen=nothing")

    def for_the_lead(self) -> Iterator[str]:
        """The addresses of what only the highest rank may open, or sees more of: who would get a case, and why."""
        yield from ("/", "/lead/", f"/escalations/{self.differing().pk}/over-facts/")
        yield from (f"/escalations/{case.pk}/" for case in self.few)

    def for_the_council(self) -> Iterator[str]:
        """The addresses of what only the council may open, or sees more of."""
        yield from ("/lead/", "/lacks/", "/authority/", "/alerts/", "/notices/", "/notices/dead/")
        yield from (f"/agents/{self.below.pk}/", f"/halts/{self.halted}/release/")
        for key in ("planted.told", "planted.run"):
            yield f"/what-if/?agent={self.scene.cast.refunder.pk}&type={key}"
        yield from (f"/escalations/{case.pk}/" for case in self.few)


@pytest.mark.full
def test_no_attack_is_rendered_nor_run(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    attacks = [*strings(), *made(529)]
    attacks = attacks if PROVE else attacks[::20]
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    planted = Planted.by(Garden(console.scene, attacks))
    detector, cast = Detector([*attacks, RUN, HOSTILE]), console.scene.cast
    ada, grace, mary = (
        Watched(console.open(person, "/preferences/"), console.address) for person in (cast.ada, cast.grace, cast.mary)
    )
    # where nobody has judged yet, and where somebody has
    for path in (f"/escalations/{case.pk}/" for case in planted.few):
        assert not detector.found(ada.go(path)), path
    planted.judged()
    for watched, paths in (
        (ada, planted.for_reviewers()),
        (grace, planted.for_the_lead()),
        (mary, planted.for_the_council()),
    ):
        for path in paths:
            assert not detector.found(watched.go(path)), path
    for path in planted.fragments():
        assert not detector.found(ada.fragment(path)), path
    visited = [*ada.seen, *grace.seen, *mary.seen]
    count = len(visited) + opened(mary, (str(case.action_id) for case in planted.few), Detector(attacks))
    assert unvisited(visited) == {SEALED, *LEADING}
    assert ada.ran + grace.ran + mary.ran == []
    assert console.complaints == [], "what the policy stopped would be here"
    tell(size=f"{len(attacks):,} attacks on {count:,} pages", figure="0 rendered, 0 run")


def unvisited(paths: Iterable[str]) -> set[str]:
    """The addresses of the console on which no page was looked at."""
    there = {rule.route for rule in WEB if "GET" in rule.who and not rule.route.startswith(BESIDE)}
    return there - console_routes(iter(paths))


def opened(watched: Watched, actions: Iterable[str], detector: Detector) -> int:
    """The sealed view is the one that shows them, as text; what draws nothing or turns text it spells out."""
    count, told = 0, set[str]()
    for action in actions:
        watched.go(f"/sealed/{action}/")
        watched.page.get_by_role("radio").first.check()
        watched.page.get_by_role("button", name="Open, and write it into the ledger").click()
        expect(watched.page.get_by_text("Agents and strangers wrote what follows.")).to_be_visible()
        told |= detector.found(watched.page.content())
        assert re.search(" · Placet$", watched.page.title())
        count += 1
    assert told
    return count


def test_markup_that_got_through_would_be_noticed(console: Console) -> None:
    watched = Watched(console.open(console.scene.cast.ada, "/queue/"), console.address)
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
