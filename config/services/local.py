"""The environment of the processes of one checkout: its databases, its addresses, its secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from config.services import databases
from config.services.databases import Access
from config.services.process import ServiceError, started_at
from config.services.stack import BASE, Stack, given, secrets_of, write_private

STATE = BASE / "var" / "demo"
LOCK = BASE / "var" / "demo.lock"
DATABASE, RECORDS = "placet", "placet_records"

Say = Callable[[str], None]


def environment(stack: Stack, env: Mapping[str, str], say: Say) -> dict[str, str]:
    """Start what the environment does not name, and say where everything is."""
    made = {
        "PLACET_MODE": "local",
        "PLACET_SECRET_KEY": secrets_of(stack.state)["secret_key"],
        "PLACET_SIGNING_KEY": secrets_of(stack.state)["signing_key"],
        "PLACET_STATIC_ROOT": str(stack.state / "static"),
        # whoever tries the demo has no authenticator app for it; its pages say so
        "PLACET_REQUIRE_MFA": given(env, "PLACET_REQUIRE_MFA") or "False",
    }
    outside = given(env, "DATABASE_URL")
    made |= _outside(outside, env) if outside else _embedded(stack, say)
    redis = given(env, "REDIS_URL")
    made["REDIS_URL"] = redis or stack.valkey()
    say("Redis is the one of REDIS_URL." if redis else "Valkey answers.")
    return made


def _embedded(stack: Stack, say: Say) -> dict[str, str]:
    access = stack.postgres()
    say("PostgreSQL answers.")
    if not databases.exists(access, DATABASE):
        databases.create_application(access, DATABASE)
    if not databases.exists(access, RECORDS):
        databases.create_records(access, RECORDS)
    return {
        "DATABASE_URL": access.url("app", DATABASE),
        "DATABASE_OWNER_URL": access.url("owner", DATABASE),
        "PLACET_CONNECTOR_RECORDS_URL": access.url("reader", RECORDS),
        "PLACET_RECORDS_OWNER_URL": access.url("owner", RECORDS),
    }


def _outside(url: str, env: Mapping[str, str]) -> dict[str, str]:
    """The operator's server: one role plays all, unless DATABASE_OWNER_URL names another."""
    found = {"DATABASE_URL": url}
    reader, owner = given(env, "PLACET_CONNECTOR_RECORDS_URL"), given(env, "PLACET_RECORDS_OWNER_URL")
    if reader and owner:
        return {**found, "PLACET_CONNECTOR_RECORDS_URL": reader, "PLACET_RECORDS_OWNER_URL": owner}
    name = f"{urlsplit(url).path.lstrip('/')}_records"
    beside = urlsplit(url)._replace(path=f"/{name}").geturl()
    _create_beside(Access(url, url, url, url), name)
    return {**found, "PLACET_CONNECTOR_RECORDS_URL": beside, "PLACET_RECORDS_OWNER_URL": beside}


def _create_beside(access: Access, name: str) -> None:
    try:
        if not databases.exists(access, name):
            databases.create(access, name)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ServiceError(
            f"The role of DATABASE_URL may not create the database {name}: create it, "
            "or set PLACET_CONNECTOR_RECORDS_URL and PLACET_RECORDS_OWNER_URL."
        ) from error
    except psycopg.OperationalError as error:
        raise ServiceError("The server of DATABASE_URL does not answer.") from error


def recorded_runs(env: Mapping[str, str]) -> Path | None:
    """The folder of recorded agent runs, when there is one."""
    data = Path(given(env, "PLACET_DATA") or BASE.parent / "shared" / "data")
    runs = data / "agent_runs"
    return runs if runs.is_dir() else None


def offer(env: Mapping[str, str]) -> None:
    """Write down where this supervisor's services are, for commands typed by hand."""
    holder = {"pid": os.getpid(), "born": started_at(os.getpid()), "env": dict(env)}
    write_private(_offered(), json.dumps(holder))


def retract() -> None:
    _offered().unlink(missing_ok=True)


def _offered() -> Path:
    return STATE / "environment.json"


def adopt(env: MutableMapping[str, str] = os.environ) -> bool:
    """Let a command typed by hand work on the running demo, unless it was told where to work."""
    if not {"DATABASE_URL", "DATABASE_URL_FILE", "PLACET_MODE"}.isdisjoint(env):
        return False
    try:
        holder = json.loads(_offered().read_text(encoding="utf-8"))
    except OSError:
        return False
    if started_at(holder["pid"]) != holder["born"]:
        return False  # what a killed supervisor left
    for key, value in holder["env"].items():
        env.setdefault(key, value)
    return True
