"""I22: what is secret reaches no log, no ledger, no table it is not kept in, and no answer."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.api.conftest import wanted
from tests.api.hostile import table
from tests.cast import Cast
from tests.support.fixtures import Committed
from tests.support.live import Servers

NOTE = "note-planted-8472-y"
KEPT = {"governance_sealedtext"}
REACHED = 40


@dataclass(frozen=True)
class Planted:
    """The secrets of one running server, and everything it said."""

    secrets: dict[str, str]
    answers: tuple[str, ...]
    logs: str


@pytest.fixture
def planted(committed: Committed, committed_cast: Cast, servers: Servers) -> Planted:
    """A server at its most talkative, asked well, asked badly, and asked while its database is shut."""
    address = servers.start("api", PLACET_LOG_LEVEL="DEBUG")
    key = committed_cast.refunder_key
    with httpx.Client(base_url=f"{address}/api/v1/", timeout=30, headers={"Authorization": f"Bearer {key}"}) as client:
        good = client.post("actions/", json=wanted() | {"note": NOTE}, headers={"Idempotency-Key": "good"})
        assert good.status_code == 200, good.text
        answers = [*bad(client, key), *shut(client, committed)]
    token = good.json()["grant"]["token"]
    seed = committed.environment["PLACET_SIGNING_KEY"]
    secrets = {
        "bearer key": key,
        "its secret part": key.split("_", 2)[2],
        "grant token": token,
        "its signature": token.rpartition(".")[2],
        "signing key": seed,
        "signing key in hex": base64.urlsafe_b64decode(seed + "=").hex(),
        "secret key": committed.environment["PLACET_SECRET_KEY"],
        "password of the database": urlsplit(committed.url).password or "",
        "note": NOTE,
    }
    return Planted(secrets, tuple(answers), servers.logs())


def bad(client: httpx.Client, key: str) -> Iterator[str]:
    """Requests that fail in every way, with secrets where they do not belong."""
    for number, hostile in enumerate(each for each in table() if each.body is not None and each.method == "POST"):
        if number % REACHED == 0:
            yield client.post(hostile.path, json=hostile.body, headers={"Idempotency-Key": "bad"}).text
    header = {"Idempotency-Key": "bad"}
    for body in (
        wanted() | {key: NOTE},
        wanted() | {"run": key},
        wanted() | {"parameters": {key: NOTE, "customer": f"<{NOTE}>"}},
        wanted() | {"note": NOTE, "delegation": key},
        wanted() | {"action_type": NOTE},
        {"note": [NOTE, key]},
    ):
        yield client.post("actions/", json=body, headers=header).text
    yield client.post("actions/", content=f'{{"note": "{NOTE}"', headers=header).text
    yield client.post("actions/", json=wanted(), headers={"Idempotency-Key": f"<{key}>"}).text
    yield client.get(f"actions/{key}/").text
    yield client.get(f"../../{NOTE}?key={key}").text


def shut(client: httpx.Client, committed: Committed) -> Iterator[str]:
    """Requests while the database takes no connections."""
    with psycopg.connect(committed.url) as own:
        name = own.info.dbname
    with psycopg.connect(make_conninfo(committed.admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name)))
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename <> user", [name]
        )
        try:
            for number in range(2):
                answer = client.post("actions/", json=wanted(), headers={"Idempotency-Key": f"shut-{number}"})
                assert answer.status_code == 503
                yield answer.text
        finally:
            admin.execute(sql.SQL("alter database {} allow_connections true").format(sql.Identifier(name)))


def stored(committed: Committed) -> Iterator[tuple[str, str]]:
    """Every row of every table as text, byte strings also as what they spell."""
    with committed.connect(role="owner") as owner:
        tables = owner.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (name,) in tables:
            columns = owner.execute(sql.SQL("select * from {}").format(sql.Identifier(name)))
            for row in columns:
                parts = (
                    bytes(v).decode("utf-8", "replace") if isinstance(v, bytes | memoryview) else str(v) for v in row
                )
                yield name, "\x1f".join(parts)


def test_i22_no_secret_leaves_the_place_where_it_is_kept(planted: Planted, committed: Committed) -> None:
    rows = list(stored(committed))
    assert len(rows) > 50
    assert "Unprocessable" in planted.logs or "actions" in planted.logs
    for what, secret in planted.secrets.items():
        assert len(secret) > 10, what
        assert secret not in planted.logs, what
        assert not any(secret in answer for answer in planted.answers), what
        holding = {name for name, row in rows if secret in row}
        assert holding <= (KEPT if what == "note" else set()), what
    assert any(name == "governance_sealedtext" and NOTE in row for name, row in rows)
