"""Signing in with everything a person may have, in a real browser with a virtual authenticator."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from governance import first_password
from governance.locks import database_now
from governance.sessions import SessionStore
from reviews.models import Escalation, Verdict
from tests.browser.console import Console
from tests.browser.test_pages import wrong_with
from tests.web.test_step_up import code

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"


def with_authenticator(page: Page) -> None:
    """A platform authenticator that keeps passkeys and says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def localhost(console: Console) -> str:
    """Passkeys know no bare addresses."""
    return console.address.replace("127.0.0.1", "localhost")


def sign_in(page: Page, address: str, name: str, path: str = "/security/") -> None:
    page.goto(f"{address}/accounts/login/?next={path}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def wrong_at(page: Page, path: str) -> list[Any]:
    """What is wrong with the page that a click leads to, once it is there."""
    page.wait_for_url(lambda url: urlsplit(url).path == path)
    return wrong_with(page)


def test_a_passkey_is_enrolled_signs_in_and_confirms_a_high_risk(console: Console) -> None:
    grace = console.scene.cast.grace
    first_password.change_password(grace, password=PASSWORD)
    case = console.scene.case("600.00")
    address = localhost(console)
    page = console.open(None, "/accounts/login/")
    with_authenticator(page)
    assert wrong_with(page) == []
    sign_in(page, address, "grace")
    assert wrong_at(page, "/security/") == []
    page.get_by_role("link", name="Add a key").click()
    assert wrong_at(page, "/accounts/reauthenticate/") == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    assert wrong_at(page, "/accounts/2fa/webauthn/add/") == []
    page.get_by_label("Let it sign me in without a password").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    assert wrong_with(page) == []
    assert Authenticator.objects.filter(user=grace, type="webauthn").count() == 1
    page.goto(f"{address}/accounts/2fa/webauthn/")
    assert wrong_at(page, "/accounts/2fa/webauthn/") == []
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{address}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(f"{address}/(?!accounts)"))
    console.scene.take(case, grace)
    grow_old(page, address)
    page.goto(f"{address}/escalations/{case.pk}/")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    assert wrong_with(page) == []
    page.get_by_role("link", name="Confirm it is you").click()
    assert wrong_at(page, "/accounts/2fa/webauthn/reauthenticate/") == []
    page.get_by_role("button", name="Use your passkey or security key").click()
    page.wait_for_url(f"{address}/escalations/{case.pk}/")
    assert Escalation.objects.get(pk=case.pk).state == "open"
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("You approved this case")).to_be_visible()
    assert Verdict.objects.get().approve


def grow_old(page: Page, address: str) -> None:
    """Let the proof of this browser be six minutes old."""
    cookies = {each["name"]: each["value"] for each in page.context.cookies(address)}
    session = SessionStore(cookies[settings.SESSION_COOKIE_NAME])
    who, _, second = session["placet_proof"]
    session["placet_proof"] = [who, (database_now() - timedelta(minutes=6)).isoformat(), second]
    session.save()


def test_an_app_and_its_recovery_codes_are_set_up_and_used(console: Console) -> None:
    ada = console.scene.cast.ada
    first_password.change_password(ada, password=PASSWORD)
    page = console.open(None, "/accounts/login/")
    sign_in(page, console.address, "ada")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    assert wrong_at(page, "/accounts/2fa/totp/activate/") == []
    page.get_by_label("six digits").fill(code(page.locator("#authenticator_secret").inner_text()))
    page.get_by_role("button", name="Use this app").click()
    codes = page.locator("#recovery_codes li").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, console.address, "ada")
    assert wrong_at(page, "/accounts/2fa/authenticate/") == []
    page.get_by_label("or a recovery code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{console.address}/security/")
    expect(page.get_by_text("9 are left.")).to_be_visible()
    for path in ("generate/", ""):
        page.goto(f"{console.address}/accounts/2fa/recovery-codes/{path}")
        assert wrong_with(page) == [], path


def test_a_link_of_the_council_leads_to_a_password_without_any_script(console: Console) -> None:
    token = first_password.invite(User.objects.get(username="ada"), by=console.scene.cast.mary)
    page = console.open(None, f"/accounts/welcome/{token}/", java_script_enabled=False)
    page.locator("[name=new_password1]").fill(PASSWORD)
    page.locator("[name=new_password2]").fill(PASSWORD)
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_text("Your password is kept. Sign in with it.")).to_be_visible()
    sign_in(page, console.address, "ada")
    expect(page.get_by_role("heading", level=1)).to_have_text("Security")
