"""PostgreSQL and Valkey of one state folder: the embedded pair, or the servers the environment names."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import psycopg

from config.services import databases, valkey
from config.services.account import in_memory, shelter
from config.services.databases import ROLES, Access
from config.services.postgres import Postgres
from config.services.process import Family

BASE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Endpoints:
    """Where the services answer."""

    access: Access
    redis: str

    def alive(self) -> bool:
        try:
            databases.connect(self.access).close()
        except psycopg.OperationalError:
            return False
        return True


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by nobody but us: a reader sees the old or the new text."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def read_endpoints(state: Path) -> Endpoints | None:
    """What a running supervisor of this folder wrote down, whether or not it still lives."""
    try:
        stored = json.loads((state / "endpoints.json").read_text(encoding="utf-8"))
        return Endpoints(Access(**stored["access"]), stored["redis"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def secrets_of(state: Path) -> dict[str, str]:
    """Passwords and keys of this folder, made up once."""
    path = state / "secrets.json"
    if not path.exists():
        made = {role: secrets.token_urlsafe(24) for role in ("placet_super", *ROLES, "valkey")}
        made["secret_key"] = secrets.token_urlsafe(50)
        made["signing_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        write_private(path, json.dumps(made))
    stored: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return stored


def external_access(url: str) -> Access:
    """Access through a server of the operator's, for the tests.

    A superuser plays each of our roles by SET ROLE: none gets a password, and one that exists already
    (a real instance may live there) is not altered. Anybody else is owner, application and reader alike.
    """
    parts = urlsplit(url)
    admin = parts._replace(path="/{database}").geturl()
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
        if row is None or not row[0]:
            return Access(admin, admin, admin, admin)
        databases.make_bare_roles(connection)
    return Access(admin, *(_as_role(parts, role) for role in ROLES))


def _as_role(parts: SplitResult, role: str) -> str:
    switches = f"-c role={role}" + (" -c default_transaction_read_only=on" if role == "placet_reader" else "")
    query = "&".join(filter(None, (parts.query, f"options={quote(switches)}")))
    return parts._replace(path="/{database}", query=query).geturl()


@dataclass
class Stack:
    """Starts the pair as children of this process."""

    state: Path
    family: Family
    durable: bool
    fleeting: bool = False

    def postgres(self) -> Access:
        passwords = secrets_of(self.state)
        server = Postgres(self.state, passwords["placet_super"], self.durable, self.fleeting).start(self.family)
        access = Access(
            server.url("{database}"),
            *(server.url("{database}", role, passwords[role]) for role in ROLES),
        )
        databases.make_roles(access, passwords)
        return access

    def valkey(self) -> str:
        password = secrets_of(self.state)["valkey"]
        return valkey.start(self.state, self.family, durable=self.durable, password=password)

    def announce(self, endpoints: Endpoints) -> None:
        write_private(
            self.state / "endpoints.json",
            json.dumps({"access": asdict(endpoints.access), "redis": endpoints.redis}),
        )

    def withdraw(self) -> None:
        (self.state / "endpoints.json").unlink(missing_ok=True)


def forget(state: Path) -> None:
    """Remove a state folder with all its data, wherever the data had to be kept."""
    for folder in (state, shelter(state), in_memory(state)):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)


def given(env: Mapping[str, str], name: str) -> str | None:
    """A non-empty setting of the environment."""
    return env.get(name) or None
