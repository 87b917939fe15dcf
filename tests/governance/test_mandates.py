from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import Any

import pytest

from governance import enrol, locks, mandates
from governance.models import Mandate
from governance.policy.tiers import Risk
from governance.policy.working_hours import Hours
from governance.problems import Code
from governance.record import Event
from tests.cast import Cast
from tests.governance.asking import entries, guarded, refused


def test_a_mandate_says_what_a_reviewer_may_decide(cast: Cast) -> None:
    until = locks.database_now() + timedelta(days=30)
    mandate = mandates.set_mandate(
        cast.ada,
        rank=2,
        money_limit=900_00,
        max_risk=Risk.HIGH,
        action_types=[cast.refund],
        expires_at=until,
        by=cast.mary,
    )
    assert Mandate.objects.get(reviewer=cast.ada) == mandate
    assert list(mandate.action_types.all()) == [cast.refund]
    entry = entries(Event.MANDATE_SET)[-1]
    assert (entry["from"]["money_limit"], entry["to"]["money_limit"]) == (500_00, 900_00)
    assert entry["to"]["action_types"] == ["bench.refund"]


@pytest.mark.parametrize("who", ["ada", "grace", "edith", "mallory", "sudo"])
def test_only_the_council_gives_and_ends_mandates(cast: Cast, who: str) -> None:
    with refused(Code.FORBIDDEN):
        mandates.set_mandate(cast.ada, rank=3, money_limit=10**9, by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        mandates.revoke_mandate(cast.grace, by=getattr(cast, who))


def test_nobody_sets_their_own_mandate(cast: Cast) -> None:
    enrol.change_person(cast.mary, groups=["council", "reviewer"], by=cast.joan)
    with refused(Code.FORBIDDEN):
        mandates.set_mandate(cast.mary, rank=3, money_limit=10**9, by=cast.mary)
    mandates.set_mandate(cast.mary, rank=1, money_limit=0, by=cast.joan)


def test_a_mandate_is_for_active_reviewers(cast: Cast) -> None:
    for person in (cast.mallory, cast.edith, cast.sudo):
        with refused(Code.INVALID):
            mandates.set_mandate(person, rank=1, money_limit=0, by=cast.mary)


@pytest.mark.parametrize(
    ("field", "value"), [("rank", 0), ("rank", 4), ("money_limit", -1), ("money_limit", 10**16), ("max_risk", 4)]
)
def test_a_mandate_out_of_range_is_refused(cast: Cast, field: str, value: int) -> None:
    terms = {"rank": 1, "money_limit": 0, "max_risk": Risk.LOW, field: value}
    with refused(Code.INVALID) as problem:
        mandates.set_mandate(cast.ada, by=cast.mary, **terms)  # type: ignore[arg-type]
    assert problem.value.fields[0][0] == f"/{field}"


def test_a_mandate_expires_in_the_future_or_is_revoked(cast: Cast) -> None:
    with refused(Code.INVALID):
        mandates.set_mandate(cast.ada, rank=1, money_limit=0, expires_at=locks.database_now(), by=cast.mary)
    mandates.revoke_mandate(cast.ada, by=cast.mary)
    assert not Mandate.objects.filter(reviewer=cast.ada).exists()
    assert entries(Event.MANDATE_REVOKED)[-1]["from"]["rank"] == 1
    with refused(Code.WRONG_STATE):
        mandates.revoke_mandate(cast.ada, by=cast.mary)


WEST = dt.timezone(-dt.timedelta(hours=8))


@pytest.mark.parametrize("field", ["expires_at", "qualified"])
def test_no_mandate_ends_after_the_last_year_that_can_be_read(cast: Cast, field: str) -> None:
    """Written west of Greenwich "never" is the year 10000, which no process reads back: no page would open."""
    never = dt.datetime(9999, 12, 31, 23, 59, tzinfo=WEST)
    terms: dict[str, Any] = {"expires_at": never} if field == "expires_at" else {"action_types": {cast.refund: never}}
    with refused(Code.INVALID) as problem:
        mandates.set_mandate(cast.ada, rank=1, money_limit=0, by=cast.mary, **terms)
    assert problem.value.fields == ((f"/{field}", "An end lies within a hundred years."),)
    soon = locks.database_now() + timedelta(days=36_000)
    assert mandates.set_mandate(cast.ada, rank=1, money_limit=0, expires_at=soon, by=cast.mary).expires_at == soon


def test_the_types_of_a_mandate_are_governed_too(committed_cast: Cast) -> None:
    with guarded("PL011"):
        committed_cast.ada.mandate.action_types.add(committed_cast.refund)


def test_a_qualification_ends_by_itself_and_the_ledger_says_when(cast: Cast) -> None:
    until = locks.database_now() + timedelta(days=30)
    terms: dict[str, Any] = {"rank": 1, "money_limit": 0, "by": cast.mary}
    mandate = mandates.set_mandate(cast.ada, action_types={cast.refund: until, cast.cancel: None}, **terms)
    assert mandate.terms.qualified == {cast.refund.pk: until, cast.cancel.pk: None}
    said = entries(Event.MANDATE_SET)[-1]
    assert said["to"]["ends"] == {"bench.refund": until.isoformat()}
    mandates.set_mandate(cast.ada, action_types={cast.refund: until - timedelta(days=1)}, **terms)
    assert entries(Event.MANDATE_SET)[-1]["widening"] is False
    mandates.set_mandate(cast.ada, action_types={cast.refund: None}, **terms)
    assert entries(Event.MANDATE_SET)[-1]["widening"] is True
    with refused(Code.INVALID) as problem:
        mandates.set_mandate(cast.ada, action_types={cast.refund: locks.database_now()}, **terms)
    assert problem.value.fields[0][0] == "/qualified"
    held = {each.action_type_id: each.expires_at for each in cast.ada.mandate.qualifications.all()}
    assert held == {cast.refund.pk: None}


OFFICE = Hours("Europe/Berlin", frozenset({1, 5}), dt.time(9), dt.time(17))


def test_hours_and_load_are_terms_like_the_others(cast: Cast) -> None:
    terms: dict[str, Any] = {"rank": 1, "money_limit": 500_00, "by": cast.mary}
    mandate = mandates.set_mandate(cast.ada, hours=OFFICE, per_hour=20, per_day=100, **terms)
    assert (mandate.terms.hours, mandate.terms.per_hour, mandate.terms.per_day) == (OFFICE, 20, 100)
    said = entries(Event.MANDATE_SET)[-1]
    assert said["to"]["hours"] == ["Europe/Berlin", [1, 5], "09:00", "17:00"]
    assert (said["to"]["per_hour"], said["widening"]) == (20, False)
    assert mandates.set_mandate(cast.ada, **terms).terms.hours is None
    assert entries(Event.MANDATE_SET)[-1]["widening"] is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("work_zone", {"hours": Hours("Middle/Earth", frozenset({1}), dt.time(9), dt.time(17))}),
        ("work_days", {"hours": Hours("UTC", frozenset(), dt.time(9), dt.time(17))}),
        ("work_days", {"hours": Hours("UTC", frozenset({8}), dt.time(9), dt.time(17))}),
        ("per_hour", {"per_hour": 0}),
        ("per_day", {"per_day": 10_001}),
    ],
)
def test_hours_and_load_out_of_range_are_refused(cast: Cast, field: str, value: dict[str, Any]) -> None:
    with refused(Code.INVALID) as problem:
        mandates.set_mandate(cast.ada, rank=1, money_limit=0, by=cast.mary, **value)
    assert problem.value.fields[0][0] == f"/{field}"
