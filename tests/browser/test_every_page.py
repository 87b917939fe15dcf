"""The pages that a click alone does not reach, and the proof that no page of the URLconf is left out of the lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser, User
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve
from playwright.sync_api import Page, Route, expect

from config import surface
from governance import first_password
from governance.enrol import enrol
from governance.problems import Code, Problem
from reviews import sample
from tests.browser.console import Console
from tests.browser.test_pages import everything, furnish, wrong_with
from tests.browser.test_signing_in import PASSWORD, sign_in
from tests.cast import BY
from tests.governance.policies.rego import children
from tests.governance.policies.test_policies import active
from tests.house.access import WEB
from tests.reviews.scene import Scene, scene
from tests.reviews.test_over_facts import soften
from tests.reviews.test_policy_decisions import patient
from tests.web.test_step_up import with_app

__all__ = ["children", "patient", "scene"]

pytestmark = pytest.mark.browser

# Pages of a person who has an app, a passkey and a password, `{key}` being the passkey.
OWN = (
    "/security/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/webauthn/reauthenticate/",
    "/accounts/2fa/webauthn/keys/{key}/edit/",
    "/accounts/2fa/webauthn/keys/{key}/remove/",
)
NOBODYS = ("/accounts/login/", "/accounts/inactive/", "/accounts/sso/", "/nothing/")
# Visited by the tests of signing in, where a step before leads to them.
STEPS = (
    "/accounts/reauthenticate/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/authenticate/",
    "/accounts/welcome/token/",
)
# Addresses that answer no GET with a page of their own.
NO_PAGE = {
    "accounts/password/set/": "leads to the page that changes it",
    "accounts/sso/callback/": "leads on",
    "accounts/2fa/webauthn/login/": "answers a script",
    "accounts/2fa/recovery-codes/download/": "a file",
    "queue/next/": "leads to a case",
    "spot-reviews/next/": "leads to a draw",
    "escalations/<uuid:case>/clock/": "a fragment",
    "notices/new/": "a fragment",
}


def console_routes(paths: Iterator[str]) -> set[str]:
    urlconf = surface.web().urlconf
    return {str(resolve(path.partition("?")[0], urlconf=urlconf).route) for path in paths if path != "/nothing/"}


def test_no_page_is_on_no_list(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk of the council has a list of its own, made from its site."""
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    shown = everything(scene, furnish(scene))
    over = (f"/escalations/{scene.case(order='W41').pk}/over-facts/",)
    own = tuple(path.format(key=1) for path in OWN)
    lists = (*(path for paths in shown.values() for path in paths), *over, *own, *NOBODYS, *STEPS)
    there = {rule.route for rule in WEB if "GET" in rule.who and not rule.route.startswith("council/")}
    assert there - console_routes(iter(lists)) == set(NO_PAGE)


def test_the_pages_of_ones_own_account_complain_about_nothing(console: Console) -> None:
    grace = console.scene.cast.grace
    first_password.change_password(grace, password=PASSWORD)
    page = console.open(None, NOBODYS[0])
    for path in NOBODYS[1:]:
        page.goto(f"{console.address}{path}")
        assert wrong_with(page) == [], path
    sign_in(page, console.address, "grace")
    proven_again(page, console.address)
    with_app(grace)
    key = Authenticator.objects.create(user=grace, type="webauthn", data={"name": "Desk", "credential": {}})
    for path in OWN:
        page.goto(f"{console.address}{path.format(key=key.pk)}")
        assert page.url.endswith(path.format(key=key.pk)), page.url
        assert wrong_with(page) == [], path


def proven_again(page: Page, address: str) -> None:
    page.goto(f"{address}/accounts/reauthenticate/?next=/security/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{address}/security/")


PROBLEM = Problem(Code.ALREADY_DECIDED, "ada rejected this case at 10:00.")


def test_the_pages_of_errors_complain_about_nothing(console: Console) -> None:
    """Each rendered as Django does, and answered at an address of the console with its own headers."""
    request = RequestFactory().get("/")
    request.user, request.groups = AnonymousUser(), frozenset[str]()  # type: ignore[attr-defined]
    page, texts = console.open(None, "/accounts/login/"), dict[str, str]()
    for name in ("400", "403", "403_csrf", "404", "409", "429", "500"):
        given = None if name == "500" else request
        texts[name] = render_to_string(f"{name}.html", {"problem": PROBLEM, "alone": True}, given)

    def answer(route: Route) -> None:
        name = route.request.url.rstrip("/").rpartition("-")[2]
        headers = {**route.fetch().headers, "content-length": str(len(texts[name].encode()))}
        route.fulfill(status=int(name[:3]), headers=headers, body=texts[name])

    page.route("**/nothing-*/", answer)
    for name in texts:
        page.goto(f"{console.address}/nothing-{name}/")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert wrong_with(page) == [], name


def test_what_a_form_answers_complains_about_nothing(console: Console, children: None, patient: None) -> None:
    scene, cast = console.scene, console.scene.cast
    soften(scene, "state")
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W42'")
    against = scene.take(scene.case(order="W42"), cast.grace)
    rule = active(cast, tier="halt", enforcement="soft_mandatory", types="shop.refund")
    held = scene.take(scene.case(order="W43"), cast.grace)
    assert looked_at(console, cast.grace, f"/escalations/{against.pk}/over-facts/") == []
    assert looked_at(console, cast.grace, f"/escalations/{held.pk}/") == []
    assert looked_at(console, enrol("olga", groups=["operator"], by=BY), "/authority/") == []
    mary = console.open(cast.mary, f"/sealed/{against.action_id}/")
    mary.get_by_role("radio").first.check()
    mary.get_by_role("button", name="Open, and write it into the ledger").click()
    expect(mary.get_by_text("Agents and strangers wrote what follows.")).to_be_visible()
    assert wrong_with(mary) == []
    mary.goto(f"{console.address}/council/governance/actiontype/import/")
    assert wrong_with(mary) == []
    mary.goto(f"{console.address}/council/governance/bundleversion/")
    mary.get_by_role("row", name=str(rule)).get_by_role("checkbox").check()
    mary.get_by_role("combobox", name="Action").select_option("replay")
    mary.get_by_role("button", name="Go").click()
    expect(mary.get_by_text("decided again with this version")).to_be_visible()
    assert wrong_with(mary) == []


def looked_at(console: Console, person: User, path: str) -> list[object]:
    page = console.open(person, path)
    assert page.url == f"{console.address}{path}"
    return wrong_with(page)
