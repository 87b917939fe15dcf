"""Where a person is signed in, for how long, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from governance import enrol, first_password, mandates
from governance.actors import REVIEWER
from governance.models import Session
from governance.policy.tiers import Risk
from reviews.models import Escalation
from tests.cast import BY, Cast
from tests.reviews.scene import Scene, entries
from tests.support.clients import SurfaceClient
from tests.web.reading import HTMX, visitor, words

PASSWORD = "correct horse battery"


def aged(column: str, minutes: float) -> None:
    """Let the database believe that all sessions are older."""
    with connection.cursor() as cursor:
        cursor.execute(f"update governance_session set {column} = {column} - make_interval(secs => %s)", [minutes * 60])


def signed_in(browser: SurfaceClient) -> bool:
    return browser.get("/security/").status_code == 200


def test_a_session_ends_after_half_an_hour_without_use(cast: Cast) -> None:
    ada = visitor(cast.ada)
    aged("seen_at", 29.5)
    assert signed_in(ada)
    aged("seen_at", 29.5)
    assert signed_in(ada), "using it began the half hour anew"
    aged("seen_at", 30.5)
    assert not signed_in(ada)


def test_a_session_ends_after_ten_hours_however_much_it_is_used(cast: Cast) -> None:
    ada = visitor(cast.ada)
    aged("begun_at", 599)
    assert signed_in(ada)
    aged("begun_at", 2)
    assert not signed_in(ada)


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(cast: Cast) -> None:
    ada = visitor(cast.ada)
    for _ in range(4):
        aged("seen_at", 10)
        answer = ada.get("/queue/", headers=HTMX)
    assert "HX-Redirect" in answer.headers


def test_the_clock_of_the_web_process_ends_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    import django.utils.timezone

    ada, now = visitor(cast.ada), django.utils.timezone.now
    monkeypatch.setattr(django.utils.timezone, "now", lambda: now() + timedelta(days=2))
    assert signed_in(ada)


def test_a_cookie_from_before_signing_in_is_worth_nothing_after(cast: Cast) -> None:
    first_password.change_password(cast.ada, password=PASSWORD)
    browser = SurfaceClient()
    session = browser.session
    session["planted"] = True
    session.save()
    planted = str(session.session_key)
    browser.cookies["placet_session"] = planted
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert signed_in(browser)
    assert browser.cookies["placet_session"].value != planted
    thief = SurfaceClient()
    thief.cookies["placet_session"] = planted
    assert not signed_in(thief)


def test_the_database_knows_no_cookie(cast: Cast) -> None:
    cookie = visitor(cast.ada).cookies["placet_session"].value
    row = Session.objects.get(person=cast.ada)
    assert cookie not in (row.key, row.data)


def test_others_are_listed_in_words_of_ours_and_ended_one_by_one_or_together(cast: Cast) -> None:
    here, there, elsewhere = (visitor(cast.ada) for _ in range(3))
    there.get("/security/", headers={"User-Agent": "<b>Mozilla/5.0 (X11; Linux) Firefox/1"})
    page = words(here.get("/security/"))
    assert page.count("127.0.0.1") == 0 or "unknown" in page
    other = Session.objects.filter(person=cast.ada).order_by("begun_at")[1]
    assert here.post(f"/security/sessions/{other.pk}/end/").status_code == 302
    assert (signed_in(here), signed_in(there), signed_in(elsewhere)) == (True, False, True)
    here.post("/security/sessions/end-others/")
    assert (signed_in(here), signed_in(elsewhere)) == (True, False)


def test_nobody_ends_the_session_of_another(cast: Cast) -> None:
    ada, grace = visitor(cast.ada), visitor(cast.grace)
    number = Session.objects.get(person=cast.grace).pk
    ada.post(f"/security/sessions/{number}/end/")
    assert signed_in(grace)


def demoted(cast: Cast) -> None:
    enrol.change_person(cast.ada, groups=["auditor"], by=BY)


def switched_off(cast: Cast) -> None:
    enrol.change_person(cast.ada, active=False, by=BY)


def without_mandate(cast: Cast) -> None:
    mandates.revoke_mandate(cast.ada, by=BY)


def lowered(cast: Cast) -> None:
    mandates.set_mandate(cast.ada, rank=1, money_limit=499_99, max_risk=Risk.MEDIUM, by=BY)


def invited(cast: Cast) -> None:
    first_password.invite(cast.ada, by=cast.mary)


def with_a_new_password(cast: Cast) -> None:
    first_password.change_password(User.objects.get(pk=cast.ada.pk), password=PASSWORD)


LOSSES = (demoted, switched_off, without_mandate, lowered, invited, with_a_new_password)


@pytest.mark.parametrize("loses", LOSSES, ids=lambda each: each.__name__)
def test_who_loses_authority_loses_sessions_and_cases_at_once(scene: Scene, loses: Callable[[Cast], None]) -> None:
    ada, grace = visitor(scene.cast.ada), visitor(scene.cast.grace)
    held = scene.take(scene.case())
    others = scene.take(scene.case(order="W2"), scene.cast.grace)
    loses(scene.cast)
    assert not Session.objects.filter(person=scene.cast.ada).exists()
    assert (signed_in(ada), signed_in(grace)) == (False, True)
    free = Escalation.objects.get(pk=held.pk)
    assert (free.taken_by_id, free.taken_until) == (None, None)
    assert Escalation.objects.get(pk=others.pk).taken_by_id == scene.cast.grace.pk
    scene.take(held, scene.cast.grace)


def test_who_is_qualified_no_more_gives_back_the_cases_of_that_type_alone(scene: Scene) -> None:
    ada = visitor(scene.cast.ada)
    lost, kept = scene.take(scene.case(order="W1")), scene.take(scene.case("600.00", order="W2", kind="shop.express"))
    for types in ([scene.refund, scene.express], [scene.express]):
        mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, action_types=types, by=BY)
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate; set constraints all deferred")
        assert (Escalation.objects.get(pk=lost.pk).taken_by_id is None) is (len(types) == 1)
    assert Escalation.objects.get(pk=kept.pk).taken_by_id == scene.cast.ada.pk
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, by=BY)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    assert Escalation.objects.get(pk=kept.pk).taken_by_id == scene.cast.ada.pk, "now she is qualified for every type"
    assert signed_in(ada)


def test_a_password_written_past_the_verb_ends_the_sessions_as_well(cast: Cast) -> None:
    visitor(cast.ada), visitor(cast.grace)
    ada = User.objects.get(pk=cast.ada.pk)
    ada.set_password(PASSWORD)
    ada.save()
    assert [each.person_id for each in Session.objects.all()] == [cast.grace.pk]


def test_who_gains_authority_stays_signed_in(cast: Cast) -> None:
    ada = visitor(cast.ada)
    enrol.change_person(cast.ada, groups=[REVIEWER, "auditor"], by=BY)
    mandates.set_mandate(cast.ada, rank=2, money_limit=600_00, max_risk=Risk.MEDIUM, by=BY)
    assert signed_in(ada)


def test_a_person_changes_their_password_and_signs_in_anew_everywhere(scene: Scene) -> None:
    first_password.change_password(scene.cast.ada, password=PASSWORD)
    here, there = SurfaceClient(), visitor(User.objects.get(username="ada"))
    here.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    scene.take(scene.case())
    fields = {"oldpassword": PASSWORD, "password1": "another horse here", "password2": "another horse here"}
    assert here.post("/accounts/password/change/", fields).status_code == 302
    assert (signed_in(here), signed_in(there)) == (False, False)
    assert Escalation.objects.get().taken_by_id is None
    assert entries("person_changed")[-1]["password"] == "chosen"
    here.post("/accounts/login/", {"login": "ada", "password": "another horse here"})
    assert signed_in(here)


def test_signing_out_of_the_last_browser_gives_the_cases_back(scene: Scene) -> None:
    here, there = visitor(scene.cast.ada), visitor(scene.cast.ada)
    case = scene.take(scene.case())
    here.post("/accounts/logout/")
    assert Escalation.objects.get().taken_by_id == scene.cast.ada.pk, "she still decides it in the other browser"
    there.post("/accounts/logout/")
    assert Escalation.objects.get().taken_by_id is None
    assert entries("case_released")[-1] == {"escalations": [str(case.pk)], "of": "ada", "because": "signed_out"}
