"""What the bench needs in its database, made through the verbs; run as a process of its own. Prints a bearer key."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from governance import catalogue, genesis, narrow, permit, policies, register  # noqa: E402  (after settings)
from governance.actors import COUNCIL  # noqa: E402
from governance.bundle_files import read_folder  # noqa: E402
from governance.models import Scope, ScopeKind  # noqa: E402
from governance.models.agents import MOST_REQUESTS  # noqa: E402
from governance.policy.tiers import Level, Tier  # noqa: E402
from tests.bench.load import CUSTOMERS  # noqa: E402

BY = "system:bench"

# Everything a decision does is on: contract, ceilings, evidence, two caps per action, ledger.
REFUND: dict[str, Any] = {
    "key": "bench.refund",
    "class": "act",
    "risk": "medium",
    "risk_reason": "bench",
    "family": "bench",
    "parameters": {"customer": {"type": "id", "max": 32}, "amount": {"type": "money"}},
    "amount": {"parameter": "amount"},
    "entities": ["customer"],
    "thresholds": {"amount": "500.00"},
    "caps": [
        {"key": "entity", "money": "1000000.00", "window": "24h"},
        {"key": "run", "money": "1000000.00", "window": "24h"},
    ],
    "evidence": ["contract", "velocity"],
}
# The same with rows that every agent's actions share; their limits are never reached.
SHARED: dict[str, Any] = {
    **REFUND,
    "key": "bench.shared_refund",
    "family": "bench.shared",
    "caps": [
        *REFUND["caps"],
        {"key": "domain", "money": "1000000000.00", "window": "24h"},
        {"key": "enterprise", "money": "1000000000.00", "window": "24h"},
    ],
}
# One action for each customer, and every further one is refused.
TIGHT: dict[str, Any] = {
    **REFUND,
    "key": "bench.tight_refund",
    "family": "bench.tight",
    "caps": [{"key": "entity", "count": 1, "window": "24h"}],
}
# The same, governed by the policy beside this file, which lets it execute; a count for the policy to look at.
POLICED: dict[str, Any] = {
    **REFUND,
    "key": "bench.policed_refund",
    "family": "bench.policed",
    "caps": [*REFUND["caps"], {"key": "run", "count": 1000, "window": "24h"}],
}
# The same with a record that is read before deciding, and everything required.
CHECKED: dict[str, Any] = {
    **REFUND,
    "key": "bench.checked_refund",
    "family": "bench.checked",
    "evidence": ["contract", "completeness", "velocity"],
    "facts": "first",
}
BINDING: dict[str, Any] = {
    "action_type": "bench.checked_refund",
    "connector": "records",
    "record": {"table": "bench.customers", "by": {"record_id": "customer"}},
    "subject": "record_id",
    "values": {"customer": "record_id", "paid": {"money": "paid", "currency": "USD"}, "status": "status"},
    "facts": [
        {
            "name": "customer",
            "value": "customer",
            "claim": "parameters.customer",
            "compare": "equals",
            "required": True,
        },
        {"name": "funds", "value": "paid", "claim": "parameters.amount", "compare": "covers", "required": True},
        {"name": "state", "value": "status", "compare": "one_of", "options": ["active"], "required": True},
    ],
}


def build() -> str:
    """An instance with one agent that may execute every type; returns its key."""
    genesis.genesis(ceiling=Tier.EXECUTE)
    top = Scope.objects.get(kind=ScopeKind.ENTERPRISE.value)
    domain = narrow.create_scope(
        key="bench", name="Bench", kind=ScopeKind.DOMAIN, parent=top, ceiling=Tier.EXECUTE, by=BY
    )
    project = narrow.create_scope(
        key="load", name="Load", kind=ScopeKind.PROJECT, parent=domain, ceiling=Tier.EXECUTE, by=BY
    )
    owner = django.contrib.auth.models.User.objects.filter(groups__name=COUNCIL)[0]  # type: ignore[attr-defined]
    agent = register.register_agent(
        name="Loader",
        owner=owner,
        project=project,
        max_tier=Tier.EXECUTE,
        fingerprint="load-1",
        requests_per_minute=MOST_REQUESTS,
        by=BY,
    )
    for document in (REFUND, SHARED, TIGHT, POLICED, CHECKED):
        permit.set_level(agent, catalogue.save_action_type(document, domain=domain, by=BY), level=Level.L2, by=BY)
    catalogue.save_binding(BINDING, by=BY)
    version = policies.propose(read_folder(Path(__file__).parent / "policed"), by="user:mary")
    policies.activate(version.pk, digest=bytes(version.digest).hex(), by="user:joan")
    return register.issue_key(agent, by=BY)


def load_records(url: str, reader: str) -> None:
    """A table of customers in the database of records."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema bench")
        connection.execute("create table bench.customers (record_id text primary key, paid numeric, status text)")
        connection.execute(
            "insert into bench.customers select lpad(n::text, 12, '0'), 100000, 'active' from generate_series(0, %s) n",
            [CUSTOMERS],
        )
        connection.execute(f'grant usage on schema bench to "{reader}"')
        connection.execute(f'grant select on bench.customers to "{reader}"')


def main() -> None:
    load_records(os.environ["PLACET_RECORDS_OWNER_URL"], "placet_reader")
    sys.stdout.write(build())


if __name__ == "__main__":
    main()
