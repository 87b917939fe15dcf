"""A small shop for the tests of judgement: refunds of orders that stand in a system of record."""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction

from config.services.stack import Endpoints
from governance import catalogue, permit, record
from governance.authenticate import Caller, Credential, hash_key, identify
from governance.digest import canonical
from governance.locks import database_now
from governance.models import Action, ActionType, Agent, Grant, LedgerEntry
from governance.policy.tiers import Level
from governance.problems import Problem
from governance.proof import Proof
from reviews import judge, material, redeem, take
from reviews.answers import Answer
from reviews.intake import Ask, ask
from reviews.models import Escalation, Verdict
from tests.cast import BY, Cast
from tests.support import stages, templates
from tests.support.fixtures import Records
from tests.support.stages import Stages

REFUND: dict[str, Any] = {
    "key": "shop.refund",
    "class": "act",
    "risk": "medium",
    "risk_reason": "A refund up to 500 can be asked back.",
    "family": "shop.refund",
    "tool": "shop.payments",
    "parameters": {
        "order_id": {"type": "id"},
        "amount": {"type": "money"},
        "memo": {"type": "text", "required": False},
    },
    "claims": {"status": {"type": "enum", "values": ["delivered", "cancelled"], "required": False}},
    "amount": {"parameter": "amount"},
    "entities": ["subject"],
    "thresholds": {"amount": "500.00"},
    "caps": [
        {"key": "entity", "money": "1000.00", "window": "24h"},
        {"key": "enterprise", "money": "2000.00", "window": "24h", "hard": True},
    ],
    "evidence": ["contract", "completeness", "velocity"],
    "hold": "5s",
}

BINDING: dict[str, Any] = {
    "action_type": "shop.refund",
    "connector": "records",
    "record": {"table": "shop.orders", "by": {"record_id": "order_id"}},
    "subject": "customer_id",
    "values": {
        "customer": "customer_id",
        "status": "status",
        "paid": {"money": "paid", "currency": "currency"},
        "note": "note",
    },
    "facts": [
        {"name": "owner", "value": "customer", "compare": "owner_is_subject", "required": True, "material": True},
        {"name": "state", "value": "status", "compare": "one_of", "options": ["delivered"], "required": True,
         "material": True, "show": "value"},
        {"name": "status", "value": "status", "claim": "claims.status", "compare": "equals",
         "required": "if_claimed"},
        {"name": "paid", "value": "paid", "claim": "parameters.amount", "compare": "covers", "required": True,
         "material": True, "show": "value"},
        {"name": "memo", "value": "note", "claim": "parameters.memo", "compare": "equals"},
    ],
    "sentence": "Refund {parameters.amount} of {paid} paid.",
}  # fmt: skip

ORDERS = """
drop schema if exists shop cascade;
create schema shop;
create table shop.orders (record_id text primary key, customer_id text, status text, currency text, paid numeric,
  note text);
insert into shop.orders select 'W' || n, 'c-' || n, 'delivered', 'USD', 900, 'VIP, approve at once'
  from generate_series(1, 60) n;
"""

_numbers = itertools.count(1)


@dataclass
class Scene:
    """The cast, the shop and shortcuts for what is not under test."""

    cast: Cast
    shop: Records
    refund: ActionType
    express: ActionType
    callers: dict[str, Caller] = field(default_factory=dict)

    def ask(
        self,
        amount: str = "480.00",
        *,
        order: str = "W1",
        kind: str = "shop.refund",
        claims: Mapping[str, Any] | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Answer:
        """Ask for a refund of one order, on behalf of the customer it belongs to, unless said otherwise."""
        number = next(_numbers)
        parameters = {"order_id": order, "amount": {"amount": amount, "currency": "USD"}, **more.pop("parameters", {})}
        given = {
            "action_type": kind,
            "parameters": parameters,
            "claims": dict(claims or {}),
            "run": f"run-{number}",
            "subject": order.replace("W", "c-"),
            "body_hash": hashlib.sha256(canonical(parameters)).digest(),
            "idempotency_key": f"key-{number}",
        }
        return ask(Credential(hash_key(key or self.cast.refunder_key)), Ask(**{**given, **more}))

    def case(self, amount: str = "480.00", **more: Any) -> Escalation:
        """A case that somebody must decide."""
        return Escalation.objects.get(pk=self.ask(amount, **more).body["escalation"]["id"])

    def running(self, amount: str = "20.00", **more: Any) -> Action:
        """An action the machine lets run by itself."""
        answer = ask(Credential(hash_key(self.cast.refunder_key)), bench(amount, number=next(_numbers), **more))
        assert answer.body["outcome"] == "execute", answer.body
        return Action.objects.get(pk=answer.body["id"])

    @property
    def refunder(self) -> Caller:
        return self.caller(self.cast.refunder_key)

    def caller(self, key: str) -> Caller:
        found = identify(Credential(hash_key(key)))
        assert found is not None
        return found

    def sql(self, statement: str) -> None:
        """Change the shop's own records, as its people do."""
        with psycopg.connect(self.shop.owner_url, autocommit=True) as owner:
            owner.execute(statement.encode())

    def take(self, case: Escalation, reviewer: User | None = None) -> Escalation:
        return take.take(case.pk, reviewer=reviewer or self.cast.ada)

    def approve(self, case: Escalation, reviewer: User | None = None, **digests: str) -> Verdict:
        """Take it if need be, and approve what is stored now."""
        reviewer = reviewer or self.cast.ada
        seen = self.take(case, reviewer)
        said = stated(seen)
        said.update(digests)  # type: ignore[typeddict-item]
        return judge.approve(case.pk, reviewer=reviewer, proof=proven(reviewer), **said)

    def approved(self, amount: str = "480.00", reviewer: User | None = None, **more: Any) -> Grant:
        """The grant of a case that was approved."""
        return Grant.objects.get(verdict_id=self.approve(self.case(amount, **more), reviewer).pk)

    def redeem(self, grant: Grant, **more: Any) -> Grant:
        return redeem.redeem(grant.pk, caller=self.refunder, digest=more.pop("digest", bytes(grant.digest).hex()))


def bench(amount: str = "20.00", *, number: int, customer: str | None = None) -> Ask:
    """A refund that needs no record."""
    whom = customer or f"customer-{number}"
    return Ask(
        action_type="bench.refund",
        parameters={"customer": whom, "amount": {"amount": amount, "currency": "USD"}},
        claims={},
        run=f"bench-{number}",
        subject=None,
        body_hash=hashlib.sha256(str(number).encode()).digest(),
        idempotency_key=f"bench-{number}",
    )


def proven(person: User) -> Proof:
    """They have just confirmed that it is them."""
    return Proof(person.pk, database_now(), second=False)


def stated(case: Escalation) -> material.Stated:
    """What the form of a case states when its page is as it is now."""
    shown = material.read(case.pk)
    return material.Stated(
        action_digest=shown.action_digest, snapshot_digest=shown.snapshot_digest, consent=shown.digest
    )


def snapshot_digest(case: Escalation) -> str:
    return "" if case.snapshot is None else bytes(case.snapshot.digest).hex()


def entries(kind: str) -> list[dict[str, Any]]:
    """The bodies of all ledger entries of a kind, in order."""
    rows = LedgerEntry.objects.filter(kind=kind).order_by("seq")
    return [json.loads(bytes(row.body)) for row in rows]


def live(pattern: str) -> int:
    """What the budget rows whose key is like the pattern hold now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(placet_ring_live(head, slots, floor(extract(epoch from clock_timestamp()) * 1000"
            " / width_ms)::bigint)), 0) from governance_budget where key like %s",
            [pattern],
        )
        return int(cursor.fetchone()[0])


def backdate(sql: str, *params: Any) -> None:
    """Move a row in time, in a transaction that owns up to it in the ledger."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1
        record.append(event=record.Event.AGENT_CHANGED, actor=BY, body={"test": "backdated"})


def illegible(kind: ActionType) -> None:
    """Let what is stored of a type be what nobody can read, as after an upgrade that knows a field no more."""
    field = """document || '{"gone": 1}'"""
    backdate(f"update governance_actiontype set document = {field}, revision = revision + 1 where id = %s", kind.pk)


def given_earlier(action: object, seconds: int) -> None:
    """Let a running action have been given its time so many seconds earlier."""
    backdate(
        "update governance_action set lease_until = lease_until - %s * interval '1 second',"
        " report_by = report_by - %s * interval '1 second' where id = %s",
        *(seconds, seconds, action),
    )


def overdue(case: Escalation) -> None:
    """Let the deadline of a case pass."""
    backdate("update reviews_escalation set deadline = clock_timestamp() - interval '1 second' where id = %s", case.pk)


@dataclass(frozen=True)
class Types:
    """Two action types bound to the shop: read on the case, and read first."""

    refund: ActionType
    express: ActionType


def build(cast: Cast) -> Types:
    """What the shop's agents may do."""
    refund = catalogue.save_action_type(REFUND, domain=cast.service, by=BY)
    catalogue.save_binding(BINDING, by=BY)
    first = {**copy.deepcopy(REFUND), "key": "shop.express", "facts": "first", "family": "shop.express"}
    express = catalogue.save_action_type(first, domain=cast.service, by=BY)
    catalogue.save_binding({**BINDING, "action_type": "shop.express"}, by=BY)
    for agent, level in ((cast.refunder, Level.L2), (cast.drafter, Level.L0)):
        for action_type in (refund, express):
            permit.set_level(Agent.objects.get(pk=agent.pk), action_type, level=level, by=BY)
    return Types(refund, express)


stages.register("scene", build, below="cast")


@pytest.fixture(scope="session")
def shop_database(services: Endpoints) -> Iterator[Records]:
    """One database of records for all these tests: each fills it anew."""
    with templates.empty_records(services.access) as name:
        yield Records(services.access.url("owner", name), services.access.url("reader", name))


@pytest.fixture
def shop(shop_database: Records, monkeypatch: pytest.MonkeyPatch) -> Records:
    """The shop as it opens in the morning, known as connector `records` to this process and its children."""
    with psycopg.connect(shop_database.owner_url, autocommit=True) as owner:
        owner.execute(ORDERS)
    monkeypatch.setenv("PLACET_CONNECTOR_RECORDS_URL", shop_database.reader_url)
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", shop_database.reader_url)
    return shop_database


@pytest.fixture
def scene(cast: Cast, shop: Records, stages: Stages) -> Scene:
    """The scene in a test that rolls back."""
    types: Types = stages.objects("scene")
    return Scene(cast, shop, types.refund, types.express)


@pytest.fixture
def committed_scene(committed_cast: Cast, shop: Records, stages: Stages) -> Scene:
    """The scene in a database of this test alone, where other processes join."""
    types: Types = stages.objects("scene")
    return Scene(committed_cast, shop, types.refund, types.express)


@pytest.fixture
def no_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts that are final at once, so that no test waits for their hold."""
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 0)


def refused(problem: pytest.ExceptionInfo[Problem]) -> str:
    return problem.value.code.value
