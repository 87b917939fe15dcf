"""Who may stop and lift what: each person of the cast with each kind of thing, at the page where it is done."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from governance import halt, mandates, register, standing
from governance.enrol import enrol
from governance.locks import database_now
from governance.models import Halt, Standing
from governance.policy.tiers import Tier
from reviews.models import Alert, AlertKind
from tests.cast import BY, Cast
from tests.web.reading import visitor

# "owner": owns Drafter and has a role that may do nothing else here; "narrow": a mandate for bench.refund alone.
PEOPLE = ("stranger", "superuser", "reviewer", "narrow", "unmandated", "auditor", "operator", "owner", "council")
SCOPES = ("enterprise", "domain", "project")
THINGS = (*SCOPES, "its agent", "another agent", "its type", "another type")
ALL = frozenset(THINGS)

MAY_HALT: dict[str, frozenset[str]] = {
    "stranger": frozenset(),
    "superuser": frozenset(),
    "reviewer": ALL.difference(SCOPES),
    "narrow": frozenset({"its agent", "another agent", "its type"}),
    "unmandated": frozenset(),
    "auditor": ALL.difference(SCOPES),
    "operator": ALL,
    "owner": frozenset({"its agent"}),
    "council": ALL,
}
# Also whose sight of an alert counts.
MAY_PULL = {
    "operator": {"its agent", "another agent"},
    "owner": {"its agent"},
    "council": {"its agent", "another agent"},
}


def person(cast: Cast, name: str) -> User:
    """Somebody of this kind; the owner and the unmandated reviewer differ in what they own alone."""
    if name in ("narrow", "unmandated", "owner"):
        found = enrol(name, groups=["reviewer"], by=BY)
        if name == "narrow":
            mandates.set_mandate(found, rank=1, money_limit=0, action_types=[cast.refund], by=BY)
        if name == "owner":
            register.change_agent(cast.drafter, owner=found, by=BY)
        return found
    if name == "operator":
        return enrol("omar", groups=["operator"], by=BY)
    known = {"stranger": cast.mallory, "superuser": cast.sudo, "reviewer": cast.ada, "auditor": cast.edith}
    return known.get(name, cast.joan)


def thing(cast: Cast, name: str) -> dict[str, str]:
    """What the form names."""
    return {
        "enterprise": {"target": "enterprise", "name": "acme"},
        "domain": {"target": "domain", "name": "service"},
        "project": {"target": "project", "name": "refunds"},
        "its agent": {"target": "agent", "name": "Drafter"},
        "another agent": {"target": "agent", "name": "Refunder"},
        "its type": {"target": "action_type", "name": cast.refund.key},
        "another type": {"target": "action_type", "name": cast.cancel.key},
    }[name]


@pytest.mark.parametrize("name", PEOPLE)
def test_a_halt_is_declared_by_exactly_whom_the_table_names(cast: Cast, name: str) -> None:
    client = visitor(person(cast, name))
    for what in THINGS:
        sent = thing(cast, what)
        answer = client.post("/halts/declare/", {**sent, "reason": "a test"})
        allowed = what in MAY_HALT[name]
        assert answer.status_code == (302 if allowed else 403), what
        assert Halt.objects.filter(target=sent["target"], lifted_at=None).exists() is allowed, what
        for row in Halt.objects.filter(lifted_at=None):
            halt.lift(row, by="user:mary")


@pytest.mark.parametrize("name", PEOPLE)
def test_an_agent_is_pulled_by_exactly_whom_the_table_names_and_restored_by_the_council(cast: Cast, name: str) -> None:
    client = visitor(person(cast, name))
    for what, agent in (("its agent", cast.drafter), ("another agent", cast.refunder)):
        answer = client.post(f"/agents/{agent.pk}/pull/", {"tier": "OBSERVE", "reason": "a test"})
        allowed = what in MAY_PULL.get(name, set())
        assert answer.status_code == (302 if allowed else 403), what
        pulled = Standing.objects.filter(agent=agent, pulled_tier__isnull=False)
        assert pulled.exists() is allowed
        if not allowed:
            standing.pull(agent, tier=Tier.OBSERVE, reason="a test", by=BY)
        restored = client.post(f"/agents/{agent.pk}/restore/")
        assert restored.status_code == (302 if name == "council" else 403)
        assert pulled.exists() is (name != "council")


@pytest.mark.parametrize("name", PEOPLE)
def test_a_halt_is_lifted_and_its_recovery_ended_by_the_council_alone(cast: Cast, name: str) -> None:
    client = visitor(person(cast, name))
    for sent in (thing(cast, what) for what in THINGS):
        row = halt.halt(sent["target"], halt.find_target(sent["target"], sent["name"]), reason="a test", by=BY)
        lifted = client.post(f"/halts/{row.pk}/lift/", {"recovery": "900"})
        assert lifted.status_code == (302 if name == "council" else 403)
        row.refresh_from_db()
        assert (row.lifted_at is not None) is (name == "council")
        ended = client.post(f"/halts/{row.pk}/end-recovery/")
        assert ended.status_code == (302 if name == "council" else 403)


@pytest.mark.parametrize("name", PEOPLE)
def test_an_alert_is_acknowledged_by_exactly_whom_the_table_names(cast: Cast, name: str) -> None:
    client = visitor(person(cast, name))
    for what, agent in (("its agent", cast.drafter), ("another agent", cast.refunder)):
        agent.refresh_from_db()
        about: dict[str, Any] = {"agent": agent, "owner": agent.owner, "raised_at": database_now()}
        alert = Alert.objects.create(kind=AlertKind.RED, **about)
        sent = {"first": alert.pk, "last": alert.pk, "count": 1, "whose": "all"}
        answer = client.post("/alerts/acknowledge/", sent)
        allowed = what in MAY_PULL.get(name, set())
        assert answer.status_code == (302 if allowed else 403), what
        alert.refresh_from_db()
        assert (alert.acknowledged_at is not None) is allowed
