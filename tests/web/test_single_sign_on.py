"""Single sign-on against a provider in a process of its own, honest and hostile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.contrib.auth.models import User

from governance import enrol, single_sign_on
from governance.problems import Code
from governance.record import Event
from tests.cast import BY, Cast
from tests.council.conftest import Desk
from tests.governance.asking import entries, refused
from tests.support import forks, provider
from tests.support.clients import SurfaceClient
from tests.web.reading import visitor, words
from tests.web.test_step_up import code, long_ago, with_app


@dataclass
class Ceremony:
    """A browser that goes to the provider and comes back."""

    issuer: str

    def lies(self, how: str = "", **claims: Any) -> None:
        """From now on the provider says this; None leaves a claim out."""
        httpx.post(f"{self.issuer}/answer", json={"how": how, "claims": claims})

    def there(self, browser: SurfaceClient, page: str = "") -> str:
        """The way back, as the provider sends the browser."""
        begun = browser.get("/accounts/sso/", {"next": page})
        assert begun.status_code == 302, words(begun)
        sent = httpx.get(begun["Location"])
        return sent.headers["Location"].removeprefix("http://testserver")

    def signed_in(self, page: str = "", browser: SurfaceClient | None = None) -> Any:
        """The answer to coming back."""
        using = browser or SurfaceClient()
        return using.get(self.there(using, page))


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    here, there = forks.CONTEXT.Pipe()
    process = forks.start(provider.serve, there)
    yield f"http://127.0.0.1:{here.recv()}"
    process.kill()
    process.join()


@pytest.fixture
def sso(running: str, settings: Any) -> Ceremony:
    settings.PLACET_SSO_ISSUER = running
    settings.PLACET_SSO_CLIENT_ID, settings.PLACET_SSO_CLIENT_SECRET = provider.CLIENT, provider.SECRET
    ceremony = Ceremony(running)
    ceremony.lies()
    return ceremony


def known_by_subject(cast: Cast) -> None:
    single_sign_on.set_identity(cast.ada, subject="subject-of-ada", by=BY)


def test_without_a_provider_nothing_is_offered(cast: Cast) -> None:
    assert SurfaceClient().get("/accounts/sso/").status_code == 404
    assert "single sign-on" not in words(SurfaceClient().get("/accounts/login/"))


def test_who_the_council_knows_signs_in_and_lands_where_they_wanted(cast: Cast, sso: Ceremony) -> None:
    known_by_subject(cast)
    assert "Sign in with single sign-on" in words(SurfaceClient().get("/accounts/login/"))
    browser = SurfaceClient()
    answer = sso.signed_in("/queue/", browser)
    assert (answer.status_code, answer["Location"]) == (302, "/queue/")
    assert "ada" in words(browser.get("/security/"))
    assert sso.signed_in("https://elsewhere.example/")["Location"] == "/"


def test_a_verified_address_finds_a_person_and_the_subject_wins(cast: Cast, sso: Ceremony) -> None:
    single_sign_on.set_identity(cast.ada, email="Ada@Example.com", by=BY)
    assert sso.signed_in().status_code == 302
    for unverified in (False, None, "true", 1):
        sso.lies(email_verified=unverified)
        assert "has not enrolled you" in words(sso.signed_in()), unverified
    sso.lies()
    single_sign_on.set_identity(cast.ada, email="ada@example.com", subject="another", by=BY)
    assert "has not enrolled you" in words(sso.signed_in())


def test_a_stranger_is_told_and_no_account_is_made(cast: Cast, sso: Ceremony) -> None:
    before = User.objects.count()
    answer = sso.signed_in()
    assert (answer.status_code, User.objects.count()) == (403, before)
    assert "The provider knows you, and the council has not enrolled you here." in words(answer)


def test_who_is_switched_off_stays_out(cast: Cast, sso: Ceremony) -> None:
    known_by_subject(cast)
    enrol.change_person(cast.ada, active=False, by=BY)
    assert sso.signed_in().status_code == 403


HOSTILE: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "a foreign audience": {"aud": "somebody-else"},
    "a foreign audience beside ours": {"aud": ["somebody-else", "placet"]},
    "another issuer": {"iss": "https://evil.example"},
    "expired": {"exp": 1_000_000},
    "without an end": {"exp": None},
    "of tomorrow": {"iat": 9_999_999_999},
    "a party that is not us": {"azp": "somebody-else"},
    "nobody": {"sub": None},
    "a subject that is no text": {"sub": 7},
    "an empty subject": {"sub": ""},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_claims_that_are_not_for_us_now_sign_nobody_in(cast: Cast, sso: Ceremony, name: str) -> None:
    known_by_subject(cast)
    sso.lies(**HOSTILE[name])
    assert sso.signed_in().status_code == 403


@pytest.mark.parametrize("how", ["none", "hmac with the public key", "another key", "another body", "no token"])
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(cast: Cast, sso: Ceremony, how: str) -> None:
    known_by_subject(cast)
    sso.lies(how)
    assert sso.signed_in().status_code == 403


def test_a_way_back_is_used_once_and_only_by_the_browser_that_went(cast: Cast, sso: Ceremony) -> None:
    known_by_subject(cast)
    browser = SurfaceClient()
    back = sso.there(browser)
    assert "was not begun here" in words(SurfaceClient().get(back)), "a link sent to a victim signs nobody in"
    query = parse_qs(urlsplit(back).query)
    forged = browser.get("/accounts/sso/callback/", {"code": query["code"][0], "state": "x\u00e9"})
    assert forged.status_code == 403
    assert browser.get(back).status_code == 403, "a wrong state ends it"
    back = sso.there(browser)
    assert browser.get(back).status_code == 302
    assert browser.get(back).status_code == 403


def test_a_provider_that_does_not_answer_is_said_and_breaks_nothing(cast: Cast, sso: Ceremony, settings: Any) -> None:
    settings.PLACET_SSO_ISSUER = "http://127.0.0.1:1"
    answer = SurfaceClient().get("/accounts/sso/")
    assert (answer.status_code, "The provider does not answer." in words(answer)) == (503, True)
    settings.PLACET_SSO_ISSUER = f"{sso.issuer}/"
    assert "describes itself as somebody else" in words(SurfaceClient().get("/accounts/sso/"))


def test_a_second_factor_is_asked_for_after_the_provider(cast: Cast, sso: Ceremony) -> None:
    known_by_subject(cast)
    secret = with_app(cast.ada)
    browser = SurfaceClient()
    assert sso.signed_in(browser=browser)["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/security/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert browser.get("/security/").status_code == 200


def test_who_has_no_password_confirms_at_the_provider(cast: Cast, sso: Ceremony) -> None:
    single_sign_on.set_identity(cast.mary, subject="subject-of-mary", by=BY)
    sso.lies(sub="subject-of-mary")
    browser = SurfaceClient()
    sso.signed_in(browser=browser)
    long_ago(browser)
    led = browser.get("/accounts/reauthenticate/?next=/council/")
    assert led["Location"].startswith("/accounts/sso/?next=")
    sso.lies(sub="subject-of-mary", auth_time=1_000_000)
    assert "did not ask you to sign in anew" in words(sso.signed_in("/council/", browser))
    sso.lies(sub="subject-of-ada")
    known_by_subject(cast)
    assert "somebody else" in words(sso.signed_in("/council/", browser))
    assert "confirm that it is you" in words(browser.get("/council/"))
    sso.lies(sub="subject-of-mary")
    assert sso.signed_in("/council/", browser)["Location"] == "/council/"
    assert "confirm that it is you" not in words(browser.get("/council/"))


def test_the_council_says_how_a_person_is_known_and_the_ledger_keeps_no_address(cast: Cast) -> None:
    desk = Desk(visitor(cast.mary))
    path = f"auth/user/{cast.ada.pk}/change/"
    assert desk.save(path, email="ada@example.com").status_code == 302
    assert desk.fields(path)["email"] == "ada@example.com"
    assert "ada@example.com" not in str(entries(Event.PERSON_CHANGED))
    assert single_sign_on.person_of(subject="", email="ADA@example.com") == cast.ada
    with refused(Code.INVALID):
        single_sign_on.set_identity(cast.grace, email="ada@example.com", by=cast.mary)
    with refused(Code.FORBIDDEN):
        single_sign_on.set_identity(cast.mary, email="mary@example.com", by=cast.mary)
    with refused(Code.INVALID):
        single_sign_on.set_identity(cast.grace, email="no address", by=cast.mary)
    desk.save(path, email="")
    assert single_sign_on.person_of(subject="", email="ada@example.com") is None
