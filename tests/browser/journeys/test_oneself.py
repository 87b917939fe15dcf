"""Who one is and how one likes it: signing in, second factors, sessions, preferences."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from governance import first_password
from reviews.models import Preference, Verdict
from tests.browser.journeys.conftest import Journey, acts
from tests.browser.journeys.person import Person
from tests.browser.test_signing_in import PASSWORD, grow_old
from tests.web.test_step_up import code

pytestmark = [pytest.mark.browser, pytest.mark.full]


def signs_in(person: Person, name: str, password: str = PASSWORD) -> None:
    person.fills("Username", name)
    person.fills("Password", password)
    person.button("Sign in").filter(has_not_text="with").click()
    person.looks()


@acts("account_login", "escalation-take", "account_logout")
def test_somebody_follows_a_link_to_a_case_signs_in_takes_it_and_signs_out(journey: Journey) -> None:
    first_password.change_password(journey.scene.cast.ada, password=PASSWORD)
    case = journey.scene.case()
    ada = journey.begins(None, f"/escalations/{case.pk}/")
    ada.sees("Sign in")
    signs_in(ada, "ada", "not her password")
    ada.reads("This name and this password do not belong together.")
    signs_in(ada, "ada")
    ada.sees("Refund, $480.00")
    ada.presses("Take this case")
    ada.sees("Refund $480.00 of $900.00 paid")
    ada.presses("Sign out")
    ada.sees("Sign in")
    case.refresh_from_db()
    assert case.taken_by is None, "who signs out gives back what they have"


@acts("admin:auth_user_add", "welcome", "account_login", "account_change_password")
def test_somebody_is_enrolled_chooses_a_password_by_their_link_and_later_another_one(journey: Journey) -> None:
    mary = journey.begins("mary", "/council/auth/user/add/")
    mary.fills("Username", "barbara")
    mary.chooses("reviewer")
    mary.saves()
    link = mary.page.locator("code.secret").inner_text()
    barbara = journey.begins(None, link.removeprefix(journey.address))
    barbara.sees("Choose a password")
    barbara.fills("New password:", PASSWORD)
    barbara.fills("New password confirmation", PASSWORD)
    barbara.presses("Keep this password")
    barbara.reads("Your password is kept. Sign in with it.")
    signs_in(barbara, "barbara")
    barbara.reads("Practice comes before your first real case.")
    barbara.goes("/security/")
    barbara.follows("Change the password")
    barbara.fills("Password you have now", PASSWORD)
    barbara.fills("New password, 12", f"{PASSWORD} 2")
    barbara.fills("New password once more", f"{PASSWORD} 2")
    barbara.presses("Change the password")
    barbara.sees("Sign in")
    signs_in(barbara, "barbara", f"{PASSWORD} 2")
    barbara.sees("Security")
    assert User.objects.get(username="barbara").check_password(f"{PASSWORD} 2")


@acts(
    "account_login", "account_reauthenticate", "mfa_activate_totp", "account_logout", "mfa_authenticate",
    "escalation-take", "mfa_reauthenticate", "escalation-approve", "mfa_generate_recovery_codes", "mfa_deactivate_totp",
)  # fmt: skip
def test_a_second_factor_is_set_up_signs_in_confirms_a_high_risk_and_is_removed(journey: Journey) -> None:
    first_password.change_password(journey.scene.cast.grace, password=PASSWORD)
    case = journey.scene.case("600.00")
    grace = journey.begins(None, "/accounts/login/?next=/security/")
    signs_in(grace, "grace")
    grace.follows("Set up an app")
    grace.fills("Password", PASSWORD)
    grace.presses("Confirm")
    grace.sees("Set up an authenticator app")
    grace.fills("2. The code of six digits", code(grace.page.locator("#authenticator_secret").inner_text()))
    grace.presses("Use this app")
    grace.sees("Recovery codes")
    codes = grace.page.locator("#recovery_codes li").all_inner_texts()
    grace.presses("Sign out")
    grace.goes(f"/accounts/login/?next=/escalations/{case.pk}/")
    signs_in(grace, "grace")
    grace.sees("Now your second factor")
    grace.fills("The code your app shows now, or a recovery code", codes[0])
    grace.presses("Sign in")
    grace.presses("Take this case")
    grow_old(grace.page, journey.address)
    grace.page.reload()
    grace.reads("High risk: confirm that it is you before you approve.")
    expect(grace.button("Approve")).to_be_disabled()
    grace.follows("Confirm it is you")
    grace.fills("The code your app shows now, or a recovery code", codes[1])
    grace.presses("Confirm")
    assert not Verdict.objects.exists(), "nothing is decided by that"
    grace.presses("Approve")
    grace.reads("You approved this case")
    grace.goes("/security/")
    grace.follows("Make new codes")
    grace.presses("Make them")
    grace.sees("Recovery codes")
    assert set(grace.page.locator("#recovery_codes li").all_inner_texts()).isdisjoint(codes)
    grace.follows("Back to Security")
    grace.follows("Remove the app")
    grace.presses("Remove it")
    grace.reads("Off.")


@acts("session-end", "sessions-end-others")
def test_who_is_signed_in_elsewhere_ends_that_one_by_one_or_together(journey: Journey) -> None:
    others = [journey.begins("ada", "/queue/") for _ in range(3)]
    ada = journey.begins("ada", "/security/")
    ada.page.get_by_role("button", name="End it").first.click()
    expect(ada.button("End it")).to_have_count(2)
    ada.presses("End all others")
    expect(ada.button("End it")).to_have_count(0)
    for other in others:
        if not journey.coat.scripts:  # with them a page that polls leads there by itself
            other.page.reload()
        other.sees("Sign in")


@acts("preferences-choose")
def test_keys_looks_language_time_zone_and_quiet_hours_are_chosen_and_kept(journey: Journey) -> None:
    case = journey.scene.take(journey.scene.case())
    ada = journey.begins("ada", "/preferences/")
    ada.chooses("Off: every key does what the browser does")
    ada.page.get_by_role("radio", name="Dark").check()
    ada.chooses("Time zone", "Asia/Tokyo")
    ada.chooses("Language", "Deutsch")
    ada.fills("E-mail address", "ada@example.org")
    ada.fills("From", "22:00")
    ada.fills("Until", "06:30")
    ada.presses("Keep", exactly=True)
    ada.sees("Einstellungen")
    held = Preference.objects.get()
    assert (held.language, held.time_zone, str(held.quiet_from), str(held.quiet_until)) == (
        "de", "Asia/Tokyo", "22:00:00", "06:30:00",
    )  # fmt: skip
    ada.goes(f"/escalations/{case.pk}/")
    ada.reads("Warum Sie gefragt werden", "Fakten")
    assert ada.page.evaluate("document.documentElement.dataset.theme") == "dark"
    ada.page.keyboard.press("a")
    assert ada.page.evaluate("document.activeElement.dataset.key ?? ''") == ""
    ada.goes("/security/")
    ada.reads("JST")
