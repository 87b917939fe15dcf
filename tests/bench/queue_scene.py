"""A queue for the bench: a hundred cases that came through the front door, and any number behind them, set-based."""

from __future__ import annotations

import os
from typing import Any

import psycopg

# The filler differs from the case it copies in what makes it another case; it belongs to an agent of Bob's.
_CASE = "md5('case' || n)::uuid"
_ACTION = "md5('action' || n)::uuid"
_FILLED: dict[str, dict[str, str]] = {
    "governance_action": {
        "id": _ACTION,
        "agent_id": "(select id from governance_agent where name = 'Filler')",
        "idempotency_key": "'filler-' || n",
        "entity": "'filler-' || n / 3",
        "digest": "sha256(('filler' || n)::bytea)",
        "chain": "'{}'",
    },
    "governance_decision": {
        "action_id": _ACTION,
        "inputs": "jsonb_build_object('usages', t.inputs->'usages')",
        "reasons": "'[]'",
        "ladder": "'[]'",
        "answer": "'{}'",
    },
    "reviews_escalation": {
        "id": _CASE,
        "action_id": _ACTION,
        "owners": "array[(select id from auth_user where username = 'bob')]::bigint[]",
        "entity": "'filler-' || n / 3",
        "digest": "sha256(('filler' || n)::bytea)",
        "deadline": "t.deadline + interval '2 hours' + n * interval '5 ms'",
        "sort_key": "t.sort_key + (7200 + n / 200) * 1048576::bigint",
    },
}
# The cases of the front door by filter: sixty as they came, and behind them forty of everything else there is, which
# nothing verifies: they are looked at and never decided.
_OTHERS = """
  update reviews_escalation e set rank = 2, risk = 2, domain_id = (select id from governance_scope where key = 'other'),
    deadline = deadline + interval '1 minute', sort_key = sort_key + 60 * 1048576::bigint
    where action_type_id = (select id from governance_actiontype where key = 'bench.refund')
"""
_OVERDUE = """
  update reviews_escalation set deadline = deadline - interval '1 day', sort_key = sort_key - 86400 * 1048576::bigint
    where id in (select id from reviews_escalation order by sort_key desc, id limit 5)
"""
_TABLES = ("governance_action", "governance_decision", "reviews_escalation")


def build() -> None:
    """A hundred cases, and who decides them. Run as a process of its own in an empty database."""
    import django

    django.setup(set_prefix=False)
    from django.contrib.auth.models import User

    from governance import enrol, mandates, narrow, permit, register
    from governance.actors import COUNCIL, REVIEWER
    from governance.authenticate import Credential, hash_key
    from governance.models import ActionType, Agent, Scope, ScopeKind
    from governance.policy.tiers import Level, Risk, Tier
    from reviews.practise import waive_practice
    from tests.bench import scene

    scene.load_records(os.environ["PLACET_RECORDS_OWNER_URL"], "placet_reader")
    credential = Credential(hash_key(scene.build()))
    by = scene.BY
    top, project = Scope.objects.get(kind=ScopeKind.ENTERPRISE.value), Scope.objects.get(key="load")
    narrow.create_scope(key="other", name="Other", kind=ScopeKind.DOMAIN, parent=top, ceiling=Tier.EXECUTE, by=by)
    for name in ("ada", "bob"):
        person = enrol.enrol(name, groups=[REVIEWER], by=by)
        waive_practice(person, by=by)
        mandates.set_mandate(person, rank=3, money_limit=10**9, max_risk=Risk.HIGH, by=by)
    owner = User.objects.filter(groups__name=COUNCIL)[0]
    filler = register.register_agent(name="Filler", owner=owner, project=project, max_tier=Tier.EXECUTE, by=by)
    permit.set_level(filler, ActionType.objects.get(key="bench.checked_refund"), level=Level.L2, by=by)
    register.change_agent(Agent.objects.get(pk=filler.pk), owner=User.objects.get(username="bob"), by=by)
    for number in range(100):
        kind = "bench.checked_refund" if number < 60 else "bench.refund"
        escalate(credential, kind, number)


def escalate(credential: Any, kind: str, number: int) -> str:
    """Ask for something that only a person may allow; the id of its case."""
    import hashlib

    from reviews.intake import Ask, ask

    asked = Ask(
        action_type=kind,
        parameters={"customer": f"{number:012d}", "amount": {"amount": "600.00", "currency": "USD"}},
        claims={},
        run=f"queue-{number}",
        subject=f"{number:012d}",
        body_hash=hashlib.sha256(str(number).encode()).digest(),
        idempotency_key=f"queue-{number}",
    )
    return str(ask(credential, asked).body["escalation"]["id"])


def arrange(owner: str) -> None:
    """Give the hundred cases every rank, risk and domain, and let five be overdue."""
    with psycopg.connect(owner, autocommit=True) as connection:
        _without_guards(connection, (_OTHERS, _OVERDUE))


def fill(owner: str, count: int) -> None:
    """Put `count` more cases behind those that are there, copies of the last of the sixty."""
    model = """
      select e.id, e.action_id from reviews_escalation e join governance_actiontype t on t.id = e.action_type_id
      where t.key = 'bench.checked_refund' and e.deadline > clock_timestamp() order by e.sort_key desc limit 1
    """
    with psycopg.connect(owner, autocommit=True) as connection:
        row = connection.execute(model.encode()).fetchone()
        if row is None:
            raise RuntimeError("There is no case to copy.")
        keys = {"governance_action": ("id", row[1]), "governance_decision": ("action_id", row[1])}
        statements = []
        for table, filled in _FILLED.items():
            column, key = keys.get(table, ("id", row[0]))
            found = connection.execute(
                "select array_agg(column_name::text) from information_schema.columns where table_name = %s", [table]
            ).fetchone()
            columns: list[str] = found[0] if found else []
            values = ", ".join(filled.get(name, f't."{name}"') for name in columns)
            named = ", ".join(f'"{name}"' for name in columns)
            statements.append(
                f"insert into {table} ({named}) select {values} from {table} t, generate_series(1, {count}) n"
                f" where t.{column} = '{key}'"
            )
        _without_guards(connection, statements)
        for table in _TABLES:
            connection.execute(f"vacuum analyze {table}".encode())


def _without_guards(connection: psycopg.Connection[Any], statements: Any) -> None:
    """A million rows by their owner, whom the guards of the product would stop."""
    for table in _TABLES:
        connection.execute(f"alter table {table} disable trigger user".encode())
    for statement in statements:
        connection.execute(statement.encode())
    for table in _TABLES:
        connection.execute(f"alter table {table} enable trigger user".encode())


if __name__ == "__main__":
    build()
