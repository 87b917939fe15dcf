"""Every page of the council's desk, taken from the addresses that its site has: a page that nobody looks at fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from playwright.sync_api import Page

from governance.admin.site import site
from governance.models import Agent
from tests.browser.console import Console
from tests.browser.test_pages import coats, too_wide
from tests.house.access import AUDITOR, COUNCIL, WEB, Rule
from tests.house.test_access_matrix import PLACEHOLDER, World, routes
from tests.support.proof import PROVE, tell

pytestmark = pytest.mark.browser

BASE = "council/"
RULES = {rule.route: rule for rule in WEB}
# Addresses that are answered without a page of the desk's own.
NO_PAGE = {
    "login/": "leads to the page of everybody",
    "logout/": "leads on",
    "password_change/": "leads to the page of everybody",
    "password_change/done/": "leads to the page of everybody",
    "jsi18n/": "a script",
    "r/<path:content_type_id>/<path:object_id>/": "leads on",
    r"(?P<url>.*)$": "there is no such page",
}
# Every suite looks at each so-manieth page, and has axe look at each so-manieth of those; all of it when proven.
LOOKED, THOROUGH = (1, 1) if PROVE else (5, 4)


def addresses(role: str) -> list[Rule]:
    """The pages of the desk that members of this group may open, as its site has them now."""
    there = dict.fromkeys(f"{BASE}{route}" for route in routes(site.get_urls()))
    found = [RULES[route] for route in there if role in RULES[route].who.get("GET", ())]
    # what has the address of a row and no word after it leads to its form
    return [rule for rule in found if own(rule.route) not in NO_PAGE and not rule.route.endswith("<path:object_id>/")]


def own(route: str) -> str:
    return route.removeprefix(BASE)


def path_of(rule: Rule, world: World) -> str:
    """Its address, with a row that there is."""
    return "/" + PLACEHOLDER.sub(lambda found: world[rule.samples[found["name"]]], rule.path)


def test_whatever_is_registered_has_its_pages_on_the_list() -> None:
    known = {rule.route for rule in addresses(COUNCIL)}
    for model, desk in site._registry.items():
        name = f"{BASE}{desk.opts.app_label}/{desk.opts.model_name}/"
        row = f"{name}<path:object_id>/"
        assert {name, f"{row}change/", f"{row}history/"} <= known, model
        assert (f"{name}add/" in known) is bool(getattr(desk, "may_add", True)), model
        assert f"{row}delete/" not in known, model


def test_a_page_without_a_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that somebody registers, or a view that somebody adds to one."""
    monkeypatch.setitem(site._registry, User.groups.through, ModelAdmin(User.groups.through, site))
    with pytest.raises(KeyError, match="council/auth/user_groups/"):
        addresses(COUNCIL)


@pytest.mark.full
def test_no_page_of_the_councils_desk_complains(console: Console) -> None:
    cast, world, seen = console.scene.cast, World(console.scene.cast), 0
    for person, role in ((cast.mary, COUNCIL), (cast.edith, AUDITOR))[: None if PROVE else 1]:
        page = console.open(person, "/preferences/")
        for place, rule in enumerate(addresses(role)[::LOOKED]):
            page.goto(f"{console.address}{path_of(rule, world)}")
            assert wrong(page, thorough=place % THOROUGH == 0) == [], (role, rule.route)
            seen += 1
    page = console.open(cast.mary, "/preferences/")
    for what in answers(console, page):
        assert wrong(page, thorough=PROVE or what.endswith("sent empty")) == [], what
        seen += 1
    tell(size=f"{seen} pages, each wide and narrow, left to right and back, light and dark", figure="0 complaints")


def wrong(page: Page, *, thorough: bool) -> list[Any]:
    """Its headings, its widths, and where wanted what axe finds in both coats."""
    found = [] if page.locator("h1").count() == 1 else ["not one heading of the first rank"]
    found += too_wide(page)
    return found + (coats(page, dark=True) if thorough else [])


def answers(console: Console, page: Page) -> Iterator[str]:
    """What comes of a form that lacks something, of a search for nothing, and of every action on a row."""
    for desk in site._registry.values() if PROVE else [site._registry[Agent]]:
        at = f"{console.address}/council/{desk.opts.app_label}/{desk.opts.model_name}/"
        if desk.search_fields:
            page.goto(f"{at}?q=nothing")
            yield f"{at}?q=nothing"
        if getattr(desk, "may_add", True):
            page.goto(f"{at}add/")
            page.evaluate("document.querySelector('#content-main form').noValidate = true")
            pressed(page, re.compile("^Save$"))
            yield f"{at}add/ sent empty"
        for action in desk.actions or ():
            page.goto(at)
            if chosen(page, str(action)):
                yield f"{at} {action}"


def chosen(page: Page, action: str) -> bool:
    """Do this with the first row, if there is any."""
    box = page.locator("input[name=_selected_action]").first
    if not box.count():
        return False
    box.check()
    page.locator("select[name=action]").select_option(action)
    pressed(page, re.compile("^(Go|Run)"))
    return True


def pressed(page: Page, name: re.Pattern[str]) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()
