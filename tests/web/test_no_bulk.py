"""One verdict is about one case: no form holds several, no address takes a list, no desk acts on chosen rows."""

from __future__ import annotations

import re
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any

from django.urls import URLPattern, reverse

from governance.admin.site import site
from governance.problems import Problem
from reviews import judge
from reviews.models import Escalation, Verdict
from tests.reviews.scene import Scene, stated
from tests.web.reading import visitor
from tests.web.test_access import POSTS, SOMETHING

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Forms(HTMLParser):
    """What each form of a page could send and where to: the addresses and values of all its parts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[set[str]] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {str(value) for name, value in attrs if name in ("action", "formaction", "hx-post", "value", "hx-vals")}
        if tag == "form":
            self.found.append(held)
            self.open = True
        elif self.open and tag in ("input", "button", "option", "select", "textarea"):
            self.found[-1] |= held

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag != "form"


def cases(scene: Scene, count: int = 3) -> list[Escalation]:
    """Cases in Ada's hands, and one that nobody has."""
    found = [scene.take(scene.case(f"{place + 20}.00", order=f"W{place + 1}")) for place in range(count)]
    return [*found, scene.case("19.00", order="W9")]


def test_no_form_of_any_page_holds_more_than_one_case(scene: Scene) -> None:
    open_cases = {str(case.pk) for case in cases(scene)}
    one = min(open_cases)
    lists = ["/", "/queue/", "/queue/?mine=yes", "/verdicts/", "/search/?q=W1", "/alerts/", "/notices/", "/lead/"]
    several = 0
    for who in (scene.cast.ada, scene.cast.grace, scene.cast.mary):
        for path in (*lists, f"/escalations/{one}/", f"/agents/{scene.cast.refunder.pk}/"):
            page = visitor(who).get(path).content.decode()
            several += len(open_cases & set(UUID.findall(page))) > 1
            for form in Forms(page).found:
                named = open_cases & set(UUID.findall(" ".join(form)))
                assert len(named) <= 1, (path, form)
                assert path.startswith("/escalations/") or not named, f"{path} decides from outside of the case"
    assert several > 3, "pages that list several cases were among them"


def posted(view: URLPattern, case: Escalation) -> str:
    named = {name: case.pk if name == "case" else SOMETHING[name] for name in view.pattern.converters}
    return reverse(str(view.name), kwargs=named)


def test_no_address_decides_another_case_than_the_one_it_names(scene: Scene) -> None:
    held = cases(scene)
    first, others = held[0], held[1:]
    client = visitor(scene.cast.ada)
    every = [str(case.pk) for case in held]
    sent: dict[str, Any] = dict.fromkeys(("case", "cases", "id", "ids", "case_id", "_selected_action"), every)
    sent |= {**stated(first), "reason": "not_needed", "verdict": "approve", "action": "approve"}
    asked = "&".join(f"case={each}" for each in every)
    deciding = set()
    for view in POSTS:
        with suppress(Problem):  # it may have been given back, or be decided
            scene.take(first)
        before = Verdict.objects.count()
        client.post(f"{posted(view, first)}?{asked}", sent)
        deciding |= {view.name} if Verdict.objects.count() > before else set()
        for verdict in Verdict.objects.filter(withdrawn_at=None):
            assert verdict.escalation_id == first.pk, view.name
            judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    assert deciding == {"escalation-approve", "escalation-reject"}
    assert not Verdict.objects.filter(escalation__in=others).exists()


def test_the_councils_desk_lists_neither_cases_nor_verdicts_to_act_on() -> None:
    assert not {Escalation, Verdict} & set(site._registry)
