"""Roles and databases on a server: who owns, who works, who only reads."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROLES = ("placet_owner", "placet_app", "placet_reader")
PRIVILEGES = Path(__file__).resolve().parent.parent / "database" / "20-privileges.sql"


@dataclass(frozen=True)
class Access:
    """Addresses of one server by role; ``{database}`` stands for the database. One role may play all."""

    admin: str
    owner: str
    app: str
    reader: str

    def url(self, role: str, database: str) -> str:
        """``role`` is ``admin``, ``owner``, ``app`` or ``reader``."""
        return str(asdict(self)[role]).replace("{database}", database)

    @property
    def single_role(self) -> bool:
        return self.owner == self.app


def connect(access: Access, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
    """As the superuser, each statement its own transaction."""
    return psycopg.connect(access.url("admin", database), autocommit=True)


def stored(password: str) -> str:
    """What PostgreSQL keeps of a password. One round of hashing is enough, and saves 12 ms in every connection.

    Ours are random, so there is nothing to guess slowly.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    client, server = (hmac.digest(salted, use, "sha256") for use in (b"Client Key", b"Server Key"))
    parts = (base64.b64encode(part).decode() for part in (salt, hashlib.sha256(client).digest(), server))
    return "SCRAM-SHA-256$1:{}${}:{}".format(*parts)


def make_roles(access: Access, passwords: dict[str, str]) -> None:
    """Create the three roles, or give the existing ones these passwords."""
    with connect(access) as connection:
        for role in ROLES:
            known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
            connection.execute(
                sql.SQL("{verb} role {role} login nosuperuser nocreatedb nocreaterole password {password}").format(
                    verb=sql.SQL("alter" if known else "create"),
                    role=sql.Identifier(role),
                    password=sql.Literal(stored(passwords[role])),
                )
            )
        connection.execute("alter role placet_reader set default_transaction_read_only = on")


def make_bare_roles(connection: psycopg.Connection[Any]) -> None:
    """Create those of the three roles that are missing, without a way to log in."""
    for role in ROLES:
        if connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is None:
            connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))


def exists(access: Access, database: str) -> bool:
    with connect(access) as connection:
        return connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone() is not None


def create(access: Access, database: str, *, template: str = "template0") -> None:
    """A new database; nobody but our roles may connect to it."""
    name = sql.Identifier(database)
    # a third of the time: its pages are copied as files, and none is written to the log
    command = sql.SQL("create database {} template {} strategy file_copy")
    with connect(access) as connection:
        connection.execute(command.format(name, sql.Identifier(template)))
        if not access.single_role:
            connection.execute(sql.SQL("revoke all on database {} from public").format(name))
            roles = sql.SQL(", ").join(map(sql.Identifier, ROLES))
            connection.execute(sql.SQL("grant connect, temporary on database {} to {}").format(name, roles))


def create_application(access: Access, database: str) -> None:
    """An empty database for Placet itself, with what each role may do in it."""
    create(access, database)
    if not access.single_role:
        with connect(access, database) as connection:
            connection.execute(PRIVILEGES.read_bytes())


def create_records(access: Access, database: str) -> None:
    """An empty database of records: the owner loads schemas and tables, the reader only reads."""
    create(access, database)
    if access.single_role:
        return
    with connect(access, database) as connection:
        connection.execute(sql.SQL("grant create on database {} to placet_owner").format(sql.Identifier(database)))
        connection.execute("alter default privileges for role placet_owner grant usage on schemas to placet_reader")
        connection.execute("alter default privileges for role placet_owner grant select on tables to placet_reader")


def drop(access: Access, database: str) -> None:
    """Remove a database and whoever is still connected to it."""
    with connect(access) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
