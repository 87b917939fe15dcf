"""Reviewers ask the council to bind an action type: once each, while there is nothing bound."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from governance import catalogue, documents, enrol
from governance.models import LedgerEntry
from governance.problems import Problem
from reviews import requests, verify
from reviews.models import BindingRequest, Escalation
from reviews.request_binding import request_binding
from tests.cast import BY, Cast
from tests.reviews.gift import GIFT_BINDING, unbound
from tests.reviews.scene import Scene, entries, refused
from tests.support.fixtures import Committed

_INSERT = """insert into reviews_bindingrequest (action_type_id, reviewer_id, escalation_id, asked_at)
  select a.action_type_id, %s, e.id, clock_timestamp()
  from reviews_escalation e join governance_action a on a.id = e.action_id where e.id = %s"""


@pytest.fixture
def gift(scene: Scene) -> Escalation:
    """A case of a type that nobody has bound."""
    return unbound(scene)


def test_asking_stands_in_the_ledger_once_and_is_kept(scene: Scene, gift: Escalation) -> None:
    before = LedgerEntry.objects.count()
    asked = request_binding(gift.pk, reviewer=scene.cast.ada)
    assert LedgerEntry.objects.count() == before + 1
    assert (asked.action_type.key, asked.reviewer, asked.escalation) == ("shop.gift", scene.cast.ada, gift)
    body = {"request": asked.pk, "action_type": "shop.gift", "escalation": str(gift.pk)}
    assert entries("binding_requested") == [body]


def test_a_second_reviewer_is_counted_and_the_first_stays_first(scene: Scene, gift: Escalation) -> None:
    first = request_binding(gift.pk, reviewer=scene.cast.grace)
    request_binding(scene.case(kind="shop.gift", order="W2").pk, reviewer=scene.cast.ada)
    asked = requests.asked(first.action_type_id)
    assert asked is not None
    assert (asked.first, asked.since, asked.reviewers, asked.others) == ("grace", first.asked_at, ("grace", "ada"), 1)


def test_who_asked_already_is_told_when(scene: Scene, gift: Escalation) -> None:
    asked = request_binding(gift.pk, reviewer=scene.cast.ada)
    with pytest.raises(Problem) as problem:
        request_binding(scene.case(kind="shop.gift", order="W2").pk, reviewer=scene.cast.ada)
    assert refused(problem) == "wrong_state"
    assert f"You asked the council for this on {asked.asked_at:%d %b %Y at %H:%M} UTC already." == problem.value.detail
    assert BindingRequest.objects.count() == 1


def test_a_bound_type_is_not_asked_for(scene: Scene) -> None:
    with pytest.raises(Problem) as problem:
        request_binding(scene.case().pk, reviewer=scene.cast.ada)
    assert refused(problem) == "wrong_state"
    assert problem.value.detail == "A record is bound to this action type already: verify the case again."


def test_only_an_active_reviewer_asks(scene: Scene, gift: Escalation) -> None:
    cast = scene.cast
    for person in (cast.mary, cast.edith, cast.mallory, cast.sudo):
        with pytest.raises(Problem) as problem:
            request_binding(gift.pk, reviewer=person)
        assert refused(problem) == "forbidden"
    enrol.change_person(cast.ada, active=False, by=BY)
    with pytest.raises(Problem, match="Only an active reviewer"):
        request_binding(gift.pk, reviewer=cast.ada)
    assert not BindingRequest.objects.exists()


def test_a_case_that_does_not_exist_is_not_found(cast: Cast) -> None:
    with pytest.raises(Problem) as problem:
        request_binding(cast.refunder.pk, reviewer=cast.ada)
    assert refused(problem) == "not_found"


def test_a_closed_case_still_shows_what_is_missing_so_one_may_ask_from_it(scene: Scene, gift: Escalation) -> None:
    from reviews import judge

    scene.take(gift)
    judge.reject(gift.pk, reviewer=scene.cast.ada, reason="not_verified")
    assert request_binding(gift.pk, reviewer=scene.cast.ada).pk


@pytest.mark.parametrize("way", ["saved", "imported"])
def test_a_binding_answers_every_request_by_itself(scene: Scene, gift: Escalation, way: str) -> None:
    asked = request_binding(gift.pk, reviewer=scene.cast.ada)
    request_binding(gift.pk, reviewer=scene.cast.grace)
    assert list(requests.open_requests()) == [asked.action_type_id]
    if way == "saved":
        catalogue.save_binding(GIFT_BINDING, by=BY)
    else:
        catalogue.import_file(documents.dump({"bindings": [GIFT_BINDING]}), by=BY)
    assert requests.open_requests() == {}
    assert requests.asked(asked.action_type_id) is None
    assert verify.verify(gift.pk).status == "read"


def test_the_longest_waiting_request_comes_first(scene: Scene, gift: Escalation) -> None:
    with pytest.raises(AssertionError, match="escalate"):
        scene.running("600.00")
    bench = Escalation.objects.exclude(pk=gift.pk).get()
    first = request_binding(bench.pk, reviewer=scene.cast.grace)
    second = request_binding(gift.pk, reviewer=scene.cast.ada)
    assert list(requests.open_requests()) == [first.action_type_id, second.action_type_id]


def test_the_database_refuses_a_request_for_a_bound_type(scene: Scene) -> None:
    case = scene.case()
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSERT, [scene.cast.ada.pk, case.pk])
    assert getattr(error.value.__cause__, "sqlstate", None) == "PL017"


def test_the_database_refuses_a_request_without_its_ledger_entry(committed_scene: Scene, committed: Committed) -> None:
    case = unbound(committed_scene)
    with committed.connect() as app, pytest.raises(psycopg.Error) as error:
        app.execute(_INSERT.encode(), [committed_scene.cast.ada.pk, case.pk])
    assert error.value.sqlstate == "PL011"


def test_the_database_refuses_to_change_or_take_back_a_request(scene: Scene, gift: Escalation) -> None:
    asked = request_binding(gift.pk, reviewer=scene.cast.ada)
    for statement in ("update reviews_bindingrequest set asked_at = now()", "delete from reviews_bindingrequest"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    asked.refresh_from_db()


def test_without_the_guard_a_bound_type_could_be_asked_for(committed_scene: Scene, committed: Committed) -> None:
    case = committed_scene.case()
    with committed.connect(role="owner") as owner:
        owner.execute("alter table reviews_bindingrequest disable trigger only_unbound")
        owner.execute("alter table reviews_bindingrequest disable trigger needs_entry")
    with committed.connect() as app:
        app.execute(_INSERT.encode(), [committed_scene.cast.ada.pk, case.pk])
    assert BindingRequest.objects.filter(action_type__binding__isnull=False).exists()
