"""The fixed cast, built through the verbs of the console: nobody here got a row by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from governance import actors, catalogue, genesis, mandates, narrow, permit, register
from governance.enrol import enrol
from governance.models import ActionType, Agent, Instance, Scope, ScopeKind
from governance.models.agents import MOST_REQUESTS
from governance.policy.tiers import Level, Risk, Tier
from reviews.practise import waive_practice
from tests.support import catalogues, stages
from tests.support.fixtures import Committed
from tests.support.stages import Stages

BY = "system:tests"

# Without required facts: what is decided depends on authority, caps and contract alone.
BENCH_REFUND: dict[str, Any] = {
    "key": "bench.refund",
    "class": "act",
    "risk": "medium",
    "risk_reason": "A refund up to 500 can be asked back.",
    "family": "refunds",
    "tool": "refund_api",
    "parameters": {
        "customer": {"type": "id"},
        "order": {"type": "id", "required": False},
        "amount": {"type": "money"},
        "memo": {"type": "text", "required": False},
    },
    "amount": {"parameter": "amount"},
    "entities": ["customer"],
    "thresholds": {"amount": "500.00"},
    "caps": [
        {"key": "entity", "money": "1000.00", "window": "24h"},
        {"key": "run", "money": "1000.00", "window": "24h"},
    ],
    "evidence": ["contract", "velocity"],
}

RETAIL = Path(catalogue.__file__).parent / "catalogues" / "retail.yaml"
CANCEL = "retail.cancel_pending_order"


@dataclass(frozen=True)
class Cast:
    """Refunder may execute refunds (L2, EXECUTE); Drafter below it only proposes (L0). Mary owns both."""

    instance: Instance
    acme: Scope
    service: Scope
    refunds: Scope
    mary: User
    joan: User
    ada: User
    grace: User
    edith: User
    mallory: User
    sudo: User
    refunder: Agent
    drafter: Agent
    refunder_key: str
    drafter_key: str
    refund: ActionType
    cancel: ActionType

    def bearer(self, key: str | None = None) -> dict[str, str]:
        """Headers of a request by Refunder, or by the holder of another key."""
        return {"Authorization": f"Bearer {key or self.refunder_key}"}


def build(*, demo: bool = False) -> Cast:
    """Begin an instance and fill it. Takes about as long as a hundred statements."""
    return with_keys(hired(demo=demo))


def with_keys(cast: Cast) -> Cast:
    """Hand out the keys: each test has keys of its own, and entries in the ledger of its own transaction."""
    return replace(
        cast,
        refunder_key=register.issue_key(cast.refunder, by=BY),
        drafter_key=register.issue_key(cast.drafter, by=BY),
    )


def hired(*, demo: bool = False) -> Cast:
    """Everybody is there, and no agent has a key yet."""
    instance = genesis.genesis(enterprise="acme", name="Acme", ceiling=Tier.COMMIT, demo=demo)
    acme = Scope.objects.get(key="acme")
    service = narrow.create_scope(
        key="service", name="Customer Service", kind=ScopeKind.DOMAIN, parent=acme, ceiling=Tier.COMMIT, by=BY
    )
    refunds = narrow.create_scope(
        key="refunds", name="Refunds", kind=ScopeKind.PROJECT, parent=service, ceiling=Tier.EXECUTE, by=BY
    )
    people = _people()
    refund = catalogue.save_action_type(BENCH_REFUND, domain=service, by=BY)
    cancel = _from_retail(CANCEL, service)
    refunder, drafter = _agents(people["mary"], refunds, [refund, cancel])
    return Cast(
        instance=instance,
        acme=acme,
        service=service,
        refunds=refunds,
        **people,
        refunder=refunder,
        drafter=drafter,
        refunder_key="",
        drafter_key="",
        refund=refund,
        cancel=cancel,
    )


def _from_retail(key: str, domain: Scope) -> ActionType:
    """One type of the retail file with its binding, through connector `records`."""
    content = catalogues.content(RETAIL)
    (document,) = (each for each in content["action_types"] if each["key"] == key)
    (binding,) = (each for each in content["bindings"] if each["action_type"] == key)
    catalogue.save_action_type(document, domain=domain, by=BY)
    return catalogue.save_binding(binding, by=BY).action_type


def _people() -> dict[str, User]:
    groups = {
        "ada": [actors.REVIEWER],
        "grace": [actors.REVIEWER],
        "edith": [actors.AUDITOR],
        "mallory": [],
        "sudo": [],
    }
    people = {name: enrol(name, groups=held, by=BY) for name, held in groups.items()}
    # every right Django knows, and no group: the console must not care
    User.objects.filter(username="sudo").update(is_superuser=True, is_staff=True)
    people["sudo"].refresh_from_db()
    people |= {name: User.objects.get(username=name) for name in ("mary", "joan")}
    for name in ("ada", "grace"):
        waive_practice(people[name], by=BY)
    mandates.set_mandate(people["ada"], rank=1, money_limit=500_00, max_risk=Risk.MEDIUM, by=BY)
    mandates.set_mandate(people["grace"], rank=3, money_limit=10_000_00, max_risk=Risk.HIGH, by=BY)
    return people


def _agents(owner: User, project: Scope, types: Sequence[ActionType]) -> tuple[Agent, Agent]:
    refunder = register.register_agent(
        name="Refunder",
        owner=owner,
        project=project,
        max_tier=Tier.EXECUTE,
        fingerprint="refunder-1",
        requests_per_minute=MOST_REQUESTS,
        by=BY,
    )
    drafter = register.register_agent(
        name="Drafter",
        owner=owner,
        project=project,
        parent=refunder,
        fingerprint="drafter-1",
        requests_per_minute=MOST_REQUESTS,
        by=BY,
    )
    for action_type in types:
        permit.set_level(refunder, action_type, level=Level.L2, by=BY)
        permit.set_level(drafter, action_type, level=Level.L0, by=BY)
    return refunder, drafter


@pytest.fixture
def cast(db: None, stages: Stages) -> Cast:
    """The cast in a test that rolls back."""
    return with_keys(stages.objects("cast"))


@pytest.fixture
def committed_cast(committed: Committed, stages: Stages) -> Cast:
    """The cast in a database of this test alone, where commits are real."""
    return with_keys(stages.objects("cast"))


stages.register("cast", hired)
