"""What belongs to one person's account is there for that person alone: keys, apps, codes, sessions, links.

Generated from the addresses of accounts: one that names an object and has no line below fails.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import User
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse

from config import urls_accounts
from governance.models.sign_in import Session
from tests.cast import Cast
from tests.support.clients import SurfaceClient
from tests.web.reading import undrawn, visitor, words

NAMED = {str(view.name): view for view in urls_accounts.urlpatterns if view.pattern.converters}
KEYS = ("mfa_edit_webauthn", "mfa_remove_webauthn")
# Opens to whoever holds the link, and to nobody without it: a token is no object that could be guessed at.
LINKS = ("welcome",)
PLAIN = sorted(str(view.name) for view in urls_accounts.urlpatterns if not view.pattern.converters)


@dataclass(frozen=True)
class Held:
    """A person and all that their account holds."""

    person: User
    passkey: Authenticator
    app: Authenticator
    codes: Authenticator

    @classmethod
    def by(cls, person: User, name: str) -> Held:
        # nobody signs in with it, and hashing one takes long
        User.objects.filter(pk=person.pk).update(password="pbkdf2_sha256$1$salt$hash")
        person.refresh_from_db()
        data = {"name": name, "credential": {}}
        passkey = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=data)
        app = TOTP.activate(person, generate_totp_secret()).instance
        return cls(person, passkey, app, RecoveryCodes.activate(person).instance)

    def state(self) -> Any:
        """Everything of theirs that somebody else could try to change."""
        fields = ("password", "email", "is_active")
        return (
            list(Authenticator.objects.filter(user=self.person).order_by("pk").values()),
            list(Session.objects.filter(person=self.person).order_by("pk").values("pk", "key")),
            User.objects.filter(pk=self.person.pk).values(*fields).get(),
        )


@pytest.fixture
def grace(cast: Cast) -> Held:
    held = Held.by(cast.grace, "Grace's desk")
    visitor(held.person)
    return held


def fresh(person: User) -> SurfaceClient:
    """A browser in which this person has just confirmed that it is them."""
    client, request = visitor(person), RequestFactory().get("/")
    request.session, request.user = client.session, person
    record_authentication(request, person, method="password", reauthenticated=True)
    request.session.save()
    return client


def test_every_address_of_an_account_that_names_an_object_has_its_line() -> None:
    assert sorted(NAMED) == sorted((*KEYS, *LINKS))


def test_ones_own_key_is_renamed_and_removed(grace: Held) -> None:
    """So that what refuses others below is not an address that refuses everybody."""
    client, place = fresh(grace.person), {"pk": grace.passkey.pk}
    assert client.post(reverse("mfa_edit_webauthn", kwargs=place), {"name": "Home"}).status_code == 302
    assert Authenticator.objects.get(**place).data["name"] == "Home"
    assert client.post(reverse("mfa_remove_webauthn", kwargs=place)).status_code == 302
    assert not Authenticator.objects.filter(**place).exists()


def test_nobody_sees_renames_or_removes_what_another_signs_in_with(cast: Cast, grace: Held) -> None:
    """A key of another is answered like one that there is not, and so is what is no key at all."""
    for person in (cast.mary, cast.sudo):
        own = Held.by(person, "My own")
        client, before = fresh(own.person), (grace.state(), own.state())
        for view, method in itertools.product(KEYS, ("get", "post")):
            nothing = _answer(client, method, view, 999_999_999)
            assert nothing[0] == 404
            for each in (grace.passkey, grace.app, grace.codes, own.app, own.codes):
                assert _answer(client, method, view, each.pk) == nothing, (view, each.type)
        assert (grace.state(), own.state()) == before


def test_nobody_learns_of_a_key_without_signing_in(grace: Held) -> None:
    before = grace.state()
    for view in KEYS:
        for method in ("get", "post"):
            status, where = _answer(SurfaceClient(), method, view, grace.passkey.pk)
            assert (status, where.partition("?")[0]) == (302, "/accounts/login/")
    assert grace.state() == before


def test_a_form_of_ones_own_account_reaches_no_other_whatever_is_sent_with_it(cast: Cast, grace: Held) -> None:
    """Every address that names nothing: by whom it is asked decides whose it is, and no field beside."""
    ada = Held.by(cast.ada, "Ada's desk")
    # what no key has made no page can begin to ask for
    ada.passkey.delete()
    told: dict[str, Any] = {"user": grace.person.pk, "person": grace.person.pk, "username": "grace"}
    told |= {"pk": grace.passkey.pk, "id": grace.passkey.pk, "session": Session.objects.get(person=grace.person).pk}
    told |= {"password1": "another long password", "password2": "another long password", "oldpassword": "any"}
    client, before = fresh(ada.person), grace.state()
    signed_in = {name: morsel.value for name, morsel in client.cookies.items()}
    for view, method in itertools.product(PLAIN, ("get", "post")):
        client.cookies = SimpleCookie(signed_in)
        with transaction.atomic():
            answer = getattr(client, method)(reverse(view), told)
            assert answer.status_code < 500, view
            assert "Grace" not in undrawn(words(answer)), view
            assert grace.state() == before, view
            transaction.set_rollback(True)


def test_the_page_of_security_shows_and_ends_ones_own_sessions_alone(cast: Cast, grace: Held) -> None:
    client, theirs = fresh(cast.ada), Session.objects.filter(person=grace.person).get().pk
    page = client.get("/security/").content.decode()
    assert re.findall(r"/security/sessions/(\d+)/end/", page) == []
    client.post(f"/security/sessions/{theirs}/end/")
    client.post("/security/sessions/end-others/")
    assert Session.objects.filter(pk=theirs).exists()


def test_the_codes_of_another_are_on_no_page(cast: Cast, grace: Held) -> None:
    """The page that lists codes, and the file of them, are those of whoever asks."""
    ada, secret = Held.by(cast.ada, "Ada's desk"), RecoveryCodes(grace.codes).get_unused_codes()
    client = fresh(ada.person)
    for view in ("mfa_view_recovery_codes", "mfa_download_recovery_codes"):
        shown = client.get(reverse(view)).content.decode()
        assert [code for code in secret if code in shown] == []
        assert RecoveryCodes(ada.codes).get_unused_codes()[0] in shown


def _answer(client: SurfaceClient, method: str, view: str, key: int) -> tuple[int, str]:
    """The status and the words of an answer, or where it leads."""
    with transaction.atomic():
        answer = getattr(client, method)(reverse(view, kwargs={"pk": key}), {"name": "Mine now"})
        transaction.set_rollback(True)
    return answer.status_code, answer.get("Location") or undrawn(words(answer))
