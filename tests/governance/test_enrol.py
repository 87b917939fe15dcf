from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from governance import enrol, first_password
from governance.actors import groups_of, require_council
from governance.problems import Code
from governance.record import Event
from tests.cast import BY, Cast
from tests.governance.asking import entries, guarded, refused
from tests.support.fixtures import Committed


def test_a_person_is_enrolled_into_groups_by_the_council(cast: Cast) -> None:
    person = enrol.enrol("olga", groups=["reviewer", "operator"], by=cast.mary)
    assert groups_of(person) == {"reviewer", "operator"}
    assert not person.has_usable_password()
    assert not person.is_staff
    entry = entries(Event.PERSON_ENROLLED)[-1]
    assert (entry["person"], entry["groups"], entry["actor"]) == ("olga", ["operator", "reviewer"], "user:mary")


@pytest.mark.parametrize("who", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_enrols_and_changes_people(cast: Cast, who: str) -> None:
    with refused(Code.FORBIDDEN):
        enrol.enrol("olga", groups=["council"], by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        enrol.change_person(cast.mallory, groups=["council"], by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        first_password.invite(cast.mary, by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        first_password.remove_factors(cast.mary, by=getattr(cast, who))


@pytest.mark.parametrize("username", ["Mary", "m\u0430ry", "", "a b", "x" * 81, "a\x1fb"])
def test_user_names_are_plain_and_taken_whatever_their_case(cast: Cast, username: str) -> None:
    with refused(Code.INVALID):
        enrol.enrol(username, groups=[], by=cast.mary)


def test_there_are_four_groups_and_no_fifth(cast: Cast) -> None:
    with refused(Code.INVALID):
        enrol.enrol("olga", groups=["root"], by=cast.mary)


def test_nobody_changes_their_own_groups_password_or_second_factor(cast: Cast) -> None:
    with refused(Code.FORBIDDEN):
        enrol.change_person(cast.mary, groups=["council", "reviewer"], by=cast.mary)
    with refused(Code.FORBIDDEN):
        first_password.invite(cast.mary, by=cast.mary)
    with refused(Code.FORBIDDEN):
        first_password.remove_factors(cast.mary, by=cast.mary)


def test_the_council_keeps_a_member(cast: Cast) -> None:
    enrol.change_person(cast.joan, active=False, by=cast.mary)
    with refused(Code.WRONG_STATE):
        enrol.change_person(cast.mary, groups=[], by=BY)
    with refused(Code.WRONG_STATE):
        enrol.change_person(cast.mary, active=False, by=BY)


def test_who_is_switched_off_has_no_group_that_counts(cast: Cast) -> None:
    enrol.change_person(cast.ada, active=False, by=cast.mary)
    assert groups_of(cast.ada) == frozenset()
    assert groups_of(User.objects.get(username="ada")) == frozenset()
    entry = entries(Event.PERSON_CHANGED)[-1]
    assert (entry["active"], entry["widening"]) == ([True, False], False)


def test_a_stale_object_in_memory_keeps_no_seat(cast: Cast) -> None:
    """The groups are read from the database whenever they count."""
    require_council(cast.mary)
    enrol.change_person(cast.mary, groups=[], by=cast.joan)
    with refused(Code.FORBIDDEN):
        require_council(cast.mary)


def test_a_new_group_is_ledgered_as_a_widening(cast: Cast) -> None:
    enrol.change_person(cast.mallory, groups=["reviewer"], by=cast.mary)
    entry = entries(Event.PERSON_CHANGED)[-1]
    assert (entry["groups"], entry["widening"]) == ([[], ["reviewer"]], True)


def test_a_user_name_is_never_changed_because_the_ledger_names_people_by_it(cast: Cast) -> None:
    with guarded("PL014"):
        User.objects.filter(username="ada").update(username="grace2")


def test_nobody_slips_into_a_group_without_the_ledger(committed_cast: Cast, committed: Committed) -> None:
    group = Group.objects.get(name="council")
    with guarded("PL011"):
        committed_cast.mallory.groups.add(group)
    with guarded("PL011"):
        committed_cast.mary.groups.remove(group)
    with guarded("PL011"):
        User.objects.filter(username="ada").update(is_active=False)
    assert groups_of(committed_cast.mallory) == frozenset()
