from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User

from governance import accounts, first_password
from governance.actors import groups_of
from governance.enrol import enrol
from governance.locks import database_now
from governance.models import Account, Invitation, LedgerEntry, Mandate
from governance.policy.working_hours import Hours
from governance.problems import Code, Problem
from governance.record import Event
from reviews.models import Practised
from tests.cast import BY, Cast
from tests.council.conftest import Desk, errors
from tests.governance.asking import entries
from tests.support.clients import SurfaceClient
from tests.web.reading import undrawn


def shown(page: bytes) -> str:
    found = re.search(r'<code class="secret">([^<]+)</code>', page.decode())
    assert found is not None
    return found[1]


def test_a_person_is_enrolled_with_a_link_shown_once(cast: Cast, desk: Desk) -> None:
    answer = desk.send("auth/user/add/", {"username": "olga", "roles": ["reviewer"]})
    link = shown(answer.content)
    olga = User.objects.get(username="olga")
    assert not olga.has_usable_password()
    assert groups_of(olga) == {"reviewer"}
    token = link.rstrip("/").rpartition("/")[2]
    assert all(token.encode() not in bytes(entry.body) for entry in LedgerEntry.objects.all())
    assert SurfaceClient().get(link).status_code == 200


def test_roles_are_changed_through_the_verb(cast: Cast, desk: Desk) -> None:
    path = f"auth/user/{cast.mallory.pk}/change/"
    assert desk.save(path, roles=["auditor"]).status_code == 302
    assert groups_of(cast.mallory) == {"auditor"}
    assert entries(Event.PERSON_CHANGED)[-1]["actor"] == "user:mary"
    assert desk.save(path, is_active=None).status_code == 302
    assert groups_of(cast.mallory) == frozenset()


def test_no_field_of_the_form_makes_a_superuser_or_renames_anybody(cast: Cast, desk: Desk) -> None:
    path = f"auth/user/{cast.mallory.pk}/change/"
    desk.save(path, username="mary2", is_superuser="on", is_staff="on", password="x")
    mallory = User.objects.get(pk=cast.mallory.pk)
    assert (mallory.username, mallory.is_superuser, mallory.is_staff) == ("mallory", False, False)
    assert not mallory.has_usable_password()


def test_nobody_gives_themselves_a_role(cast: Cast, desk: Desk) -> None:
    answer = desk.save(f"auth/user/{cast.mary.pk}/change/", roles=["council", "reviewer"])
    assert "Nobody changes their own groups" in errors(answer)
    assert groups_of(cast.mary) == {"council"}


def test_a_link_to_a_new_password_is_given_from_the_list_to_one_other_person(cast: Cast, desk: Desk) -> None:
    assert "/accounts/welcome/" in shown(desk.act("auth/user/", "invite", cast.ada.pk).content)
    for chosen in ([cast.mary.pk], [cast.ada.pk, cast.grace.pk]):
        assert desk.act("auth/user/", "invite", *chosen).status_code == 302
    assert Invitation.objects.count() == 1
    assert desk.act("auth/user/", "remove_factors", cast.ada.pk).status_code == 302


def test_the_page_of_another_person_gives_the_link_as_well(cast: Cast, desk: Desk) -> None:
    page = desk.open(f"auth/user/{cast.ada.pk}/change/").content.decode()
    sent = dict(re.findall(r'<input type="hidden" name="(action|_selected_action)" value="([^"]+)">', page))
    assert sent == {"action": "invite", "_selected_action": str(cast.ada.pk)}
    assert "/accounts/welcome/" in shown(desk.send("auth/user/", sent).content)
    assert "Give a link to a new password" not in desk.open(f"auth/user/{cast.mary.pk}/change/").content.decode()


def test_a_mandate_takes_its_limit_as_written_money(cast: Cast, desk: Desk) -> None:
    path = f"governance/mandate/{cast.ada.mandate.pk}/change/"
    assert desk.fields(path)["limit"] == "500.00"
    assert desk.save(path, limit="750.50", rank=2).status_code == 302
    mandate = Mandate.objects.get(reviewer=cast.ada)
    assert (mandate.money_limit, mandate.rank) == (750_50, 2)
    for wrong in ("750.5", "1e3", "-1.00", "$5.00", "\u0665.00"):
        errors(desk.save(path, limit=wrong))
    assert Mandate.objects.get(reviewer=cast.ada).money_limit == 750_50


def test_a_mandate_of_some_types_keeps_them_and_an_old_page_does_not_win(cast: Cast, desk: Desk) -> None:
    path = f"governance/mandate/{cast.ada.mandate.pk}/change/"
    page = desk.fields(path)
    assert desk.save(path, qualified="bench.refund").status_code == 302
    assert list(cast.ada.mandate.action_types.all()) == [cast.refund]
    assert "Somebody changed this" in errors(desk.send(path, page))
    assert list(cast.ada.mandate.action_types.all()) == [cast.refund]


def test_the_form_takes_qualifications_hours_and_load_and_says_what_is_wrong(cast: Cast, desk: Desk) -> None:
    path = f"governance/mandate/{cast.ada.mandate.pk}/change/"
    until = f"{database_now() + timedelta(days=40):%Y-%m-%d}"
    wanted = {"work_zone": "Europe/Berlin", "work_days": ["1", "2"], "work_from": "09:00", "work_until": "17:30"}
    lines = f"bench.refund until {until} 12:30\n\n{cast.cancel.key}"
    assert desk.save(path, qualified=lines, per_hour="30", per_day="200", **wanted).status_code == 302
    terms = Mandate.objects.get(reviewer=cast.ada).terms
    assert f"{terms.qualified[cast.refund.pk]:%Y-%m-%d %H:%M %Z}" == f"{until} 12:30 UTC"
    assert (terms.qualified[cast.cancel.pk], terms.per_hour, terms.per_day) == (None, 30, 200)
    assert terms.hours == Hours("Europe/Berlin", frozenset({1, 2}), time(9), time(17, 30))
    assert desk.fields(path)["qualified"].splitlines()[0] == f"bench.refund until {until} 12:30"
    assert "Mo Tu 09:00-17:30 Europe/Berlin" in desk.open("governance/mandate/").content.decode()
    for wrong, told in (
        ({"qualified": "no.such_type"}, "no action type"),
        ({"qualified": "bench.refund until 2027-02-30"}, "no such day"),
        ({"qualified": "bench.refund until 2020-01-01"}, "ends in the future"),
        ({"work_zone": "Middle/Earth"}, "no time zone"),
        ({"work_days": []}, "or none of it"),
        ({"per_hour": "0"}, "greater than or equal to 1"),
    ):
        assert told in errors(desk.save(path, **wrong)), wrong
    assert Mandate.objects.get(reviewer=cast.ada).terms == terms


def test_mandates_end_from_their_list(cast: Cast, desk: Desk) -> None:
    assert desk.act("governance/mandate/", "revoke", cast.ada.mandate.pk).status_code == 302
    assert not Mandate.objects.filter(reviewer=cast.ada).exists()


def test_a_superuser_without_a_group_reaches_nothing(cast: Cast, sign_in: Callable[[User], Desk]) -> None:
    sudo = sign_in(cast.sudo).browser
    for path in ("", "governance/scope/", "auth/user/add/", f"governance/agent/{cast.refunder.pk}/change/"):
        assert sudo.get(f"/council/{path}").status_code == 403


def test_who_loses_the_seat_loses_the_desk_with_the_next_click(cast: Cast, desk: Desk) -> None:
    from governance.enrol import change_person

    desk.open("")
    change_person(cast.mary, groups=[], by=cast.joan)
    # signed out in the same transaction
    assert desk.browser.get("/council/").status_code == 302
    desk.browser.force_login(cast.mary)
    assert desk.browser.get("/council/").status_code == 403


def test_a_stranger_is_led_to_the_login_and_nobody_can_sign_up(cast: Cast) -> None:
    browser = SurfaceClient()
    answer = browser.get("/council/governance/scope/")
    assert answer.status_code == 302
    first = browser.get(answer["Location"])
    assert first["Location"].startswith("/accounts/login/")
    assert browser.get("/accounts/signup/").status_code == 404
    page = browser.get("/accounts/login/").content.decode()
    assert "signup" not in page


def test_people_sign_in_with_their_password_and_land_on_the_console(cast: Cast) -> None:
    password = "correct horse battery"
    first_password.change_password(cast.ada, password=password)
    browser = SurfaceClient()
    wrong = browser.post("/accounts/login/", {"login": "ada", "password": "no"})
    assert wrong.status_code == 200
    right = browser.post("/accounts/login/", {"login": "ada", "password": password})
    assert (right.status_code, right["Location"]) == (302, "/")


def test_the_desk_waives_practice_for_whoever_still_has_it_before_them(cast: Cast, desk: Desk) -> None:
    barbara = enrol("barbara", groups=["reviewer"], by=BY)
    offered = desk.open("reviews/practised/add/").context["adminform"].form.fields["reviewer"].queryset
    assert [*offered] == [barbara]
    assert desk.save("reviews/practised/add/", reviewer=str(barbara.pk)).status_code == 302
    assert Practised.objects.get(reviewer=barbara).waived_by == "user:mary"


def test_the_council_keeps_the_records_and_the_ledger_does_not_name_them(cast: Cast, desk: Desk) -> None:
    ada = cast.ada
    path = f"auth/user/{ada.pk}/change/"
    assert desk.save(path, accounts="c-1\n DE02120300000000202051 \n").status_code == 302
    assert desk.fields(path)["accounts"].split() == ["DE02120300000000202051", "c-1"]
    said = entries(Event.PERSON_CHANGED)[-1]
    assert (said["accounts"], said["widening"]) == ([0, 2], False)
    assert "c-1" not in undrawn(str(said))
    assert desk.save(path, accounts="c-1").status_code == 302
    assert entries(Event.PERSON_CHANGED)[-1]["widening"] is True
    assert [each.record for each in Account.objects.filter(person=ada)] == ["c-1"]
    for by, records, code in (
        (ada, ["c-2"], Code.FORBIDDEN),
        (cast.mary, ["c 2"], Code.INVALID),
        (cast.mary, [f"c-{number}" for number in range(51)], Code.INVALID),
    ):
        with pytest.raises(Problem) as problem:
            accounts.set_accounts(ada, records, by=by)
        assert problem.value.code is code
    with pytest.raises(Problem, match="Nobody says"):
        accounts.set_accounts(cast.mary, ["c-2"], by=cast.mary)
