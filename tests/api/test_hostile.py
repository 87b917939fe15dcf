"""What hostile agents send: each is refused by a problem document that names the field, and nothing is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from pytest_django.plugin import DjangoDbBlocker

from config.surface import dispatcher
from governance import catalogue, permit
from governance.models import Action, Breach, Budget, Decision, Grant, LedgerEntry, Refusal, Reservation, Snapshot
from governance.policy.tiers import Level
from reviews.api.catalogue import CATALOGUE
from reviews.models import Escalation
from tests.api.conftest import Desk, wanted
from tests.api.hostile import EVERY_FIELD, Hostile, everything, table
from tests.api.wsgi import Transport
from tests.cast import BY, Cast, build

TABLE = table()
WRITTEN = (Action, Decision, Escalation, Grant, Budget, Reservation, Refusal, Snapshot)


@pytest.fixture(scope="module")
def besieged(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    """Refunder at the API, with a type that has every kind of field. One cast for the whole table."""
    with django_db_blocker.unblock(), transaction.atomic():
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        cast = build()
        everything_type = catalogue.save_action_type(EVERY_FIELD, domain=cast.service, by=BY)
        permit.set_level(cast.refunder, everything_type, level=Level.L2, by=BY)
        with httpx.Client(transport=Transport(dispatcher("api")), base_url="http://testserver") as client:
            yield Desk(client, cast.refunder_key)
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        transaction.set_rollback(True)


def send(desk: Desk, hostile: Hostile) -> httpx.Response:
    sent: dict[str, Any] = {
        "Content-Type": "application/json",
        "Idempotency-Key": "hostile-1",
        "Authorization": f"Bearer {desk.key}",
        **hostile.headers,
    }
    present = {name: value for name, value in sent.items() if value is not None}
    content = b"" if hostile.body is None and hostile.raw is None else hostile.content()
    return desk.client.request(hostile.method, f"/api/v1/{hostile.path}", content=content, headers=present)


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in WRITTEN}


def test_there_are_enough_of_them_and_no_two_are_alike() -> None:
    assert len(TABLE) >= 150
    assert [name for name, times in Counter(each.name for each in TABLE).items() if times > 1] == []


@pytest.mark.parametrize("hostile", TABLE, ids=[each.name.encode("unicode_escape").decode()[:70] for each in TABLE])
def test_a_hostile_request_is_refused_by_a_problem_that_names_the_field(besieged: Desk, hostile: Hostile) -> None:
    before = rows()
    answer = send(besieged, hostile)
    assert answer.status_code == hostile.status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert rows() == before
    if hostile.method == "HEAD":
        return
    problem = answer.json()
    assert problem["status"] == hostile.status
    assert CATALOGUE[problem["code"]].type == problem["type"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", problem["instance"])
    if hostile.pointer is not None:
        assert hostile.pointer in [error["pointer"] for error in problem["errors"]]


def test_the_honest_bodies_that_they_were_made_from_are_taken(desk: Desk, cast: Cast) -> None:
    everything_type = catalogue.save_action_type(EVERY_FIELD, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, everything_type, level=Level.L2, by=BY)
    for body in (wanted(), everything()):
        assert desk.post("actions/", body).status_code == 200
    assert desk.post("escalations/", wanted() | {"reason": "uncertain"}).status_code == 202


MARKER = "\u29d6planted\u29d6"


@pytest.mark.parametrize("hostile", [each for each in TABLE if each.body is not None and each.status == 422][:400:9])
def test_nothing_that_was_sent_comes_back(besieged: Desk, hostile: Hostile) -> None:
    def plant(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plant(each) for name, each in value.items()} | {f"<{MARKER}>": MARKER}
        if isinstance(value, list):
            return [*map(plant, value), MARKER]
        return f"{value}{MARKER}" if isinstance(value, str) else value

    ledger = LedgerEntry.objects.count()
    answer = send(besieged, Hostile("planted", 422, plant(hostile.body), path=hostile.path))
    assert 400 <= answer.status_code < 500
    assert "planted" not in answer.text
    assert "planted" not in str(answer.headers)
    for entry in LedgerEntry.objects.order_by("-seq")[: LedgerEntry.objects.count() - ledger]:
        assert b"planted" not in bytes(entry.body)


def named(name: str) -> Hostile:
    return next(each for each in TABLE if each.name == name)


def test_a_slip_of_the_client_is_no_evidence_and_a_broken_contract_is(besieged: Desk) -> None:
    breaches = Breach.objects.count()
    for slip in ("body: an open brace", "surplus field 'delegation'", "an unknown type", "parameters: surplus surplus"):
        send(besieged, named(slip))
    assert Breach.objects.count() == breaches
    send(besieged, replace(named("integer: 3 101"), headers={"Idempotency-Key": "another"}))
    assert Breach.objects.count() == breaches + 1
