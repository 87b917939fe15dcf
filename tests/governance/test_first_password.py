"""A link of the council, once, and what it takes away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from governance import enrol, first_password
from governance.models import Invitation
from governance.problems import Code
from governance.record import Event
from tests.cast import BY, Cast
from tests.governance.asking import entries, guarded, refused

PASSWORD = "correct horse battery"


def test_a_link_sets_a_password_once(cast: Cast) -> None:
    token = first_password.invite(cast.ada, by=cast.mary)
    assert first_password.invited(token) == cast.ada
    assert first_password.accept(token, password=PASSWORD).check_password(PASSWORD)
    assert entries(Event.PERSON_CHANGED)[-1]["actor"] == "user:ada"
    with refused(Code.NOT_FOUND):
        first_password.invited(token)
    with refused(Code.NOT_FOUND):
        first_password.accept(token, password="x")
    assert User.objects.get(username="ada").check_password(PASSWORD)
    assert all(token not in str(entry) and PASSWORD not in str(entry) for entry in entries(Event.PERSON_CHANGED))


def test_a_link_ends_the_password_before_it_and_the_link_before_it(cast: Cast) -> None:
    first_password.change_password(cast.ada, password=PASSWORD)
    older = first_password.invite(cast.ada, by=cast.mary)
    newer = first_password.invite(cast.ada, by=cast.mary)
    assert not User.objects.get(username="ada").has_usable_password()
    with refused(Code.NOT_FOUND):
        first_password.accept(older, password=PASSWORD)
    first_password.accept(newer, password=PASSWORD)


def test_a_link_expires_by_the_database_and_is_kept_as_a_hash(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    token = first_password.invite(cast.ada, by=cast.mary)
    row = Invitation.objects.get()
    assert row.expires_at - row.made_at == first_password.LIFE
    assert token.encode() not in bytes(row.token_hash)
    with guarded("PL013"):
        Invitation.objects.filter(pk=row.pk).update(expires_at=row.made_at)
    monkeypatch.setattr(first_password, "LIFE", timedelta(0))
    for wrong in ("", "x", token[:-1], first_password.invite(cast.ada, by=cast.mary)):
        with refused(Code.NOT_FOUND):
            first_password.accept(wrong, password=PASSWORD)


def test_who_was_switched_off_since_uses_no_link_and_gets_none(cast: Cast) -> None:
    token = first_password.invite(cast.ada, by=cast.mary)
    enrol.change_person(cast.ada, active=False, by=BY)
    with refused(Code.NOT_FOUND):
        first_password.accept(token, password=PASSWORD)
    with refused(Code.WRONG_STATE):
        first_password.invite(cast.ada, by=cast.mary)


@pytest.mark.parametrize("wrong", ["short", "password1234"])
def test_the_page_behind_a_link_takes_no_bad_password(cast: Cast, wrong: str) -> None:
    from tests.support.clients import SurfaceClient

    path = f"/accounts/welcome/{first_password.invite(cast.ada, by=cast.mary)}/"
    browser = SurfaceClient()
    for _ in range(2):
        assert browser.get(path).status_code == 200, "to look at it uses nothing up"
    browser.post(path, {"new_password1": wrong, "new_password2": wrong})
    assert not User.objects.get(username="ada").has_usable_password()
    answer = browser.post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert answer["Location"] == "/accounts/login/"
    assert "no-store" in answer.headers.get("Cache-Control", "no-store")
    assert browser.get(path).status_code == 404
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert browser.get("/security/").status_code == 200
