"""Databases for tests: migrated once into a template, then cloned; nothing is ever truncated."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from psycopg import sql

from config.services import databases
from config.services.databases import Access
from config.services.process import locked, started_at
from config.services.stack import BASE

STATE = BASE / "var" / "test"
_NUMBERS = itertools.count(1)


def _schema_files() -> Iterator[Path]:
    for folder in ("governance/migrations", "reviews/migrations"):
        yield from sorted(path for path in (BASE / folder).rglob("*") if path.suffix in (".py", ".sql"))
    yield from (BASE / "governance" / "roles.py", databases.PRIVILEGES, BASE / "requirements.lock")


def schema_name() -> str:
    """The template's name: a hash of everything that shapes the schema."""
    digest = hashlib.sha256()
    for path in _schema_files():
        if path.exists():
            digest.update(str(path.relative_to(BASE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return f"placet_template_{digest.hexdigest()[:16]}"


def role_environment(access: Access, database: str) -> dict[str, str]:
    """What a child process needs to work on this database in the two roles."""
    urls = {"DATABASE_URL": access.url("app", database), "DATABASE_OWNER_URL": access.url("owner", database)}
    return {"DATABASE_URL": urls["DATABASE_URL"]} if access.single_role else urls


def ensure_template(access: Access) -> str:
    """Migrate the template if this schema has none yet; returns its name."""
    name = schema_name()
    with locked(STATE / "template.lock"):
        if not databases.exists(access, name):
            making = f"{name}_making"
            databases.drop(access, making)
            databases.create_application(access, making)
            _migrate(access, making)
            with databases.connect(access) as connection:
                connection.execute(
                    sql.SQL("alter database {} rename to {}").format(sql.Identifier(making), sql.Identifier(name))
                )
            _drop_leftovers(access, keep=name)
    return name


def _migrate(access: Access, database: str) -> None:
    env = {**os.environ, **role_environment(access, database), "PLACET_MODE": "local", "PLACET_ROLE": "owner"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput", "--skip-checks", "--verbosity", "0"],
        cwd=BASE,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"The template could not be migrated:\n{done.stdout}{done.stderr}")


def _drop_leftovers(access: Access, keep: str) -> None:
    """Older templates, and clones of test sessions that were killed."""
    with databases.connect(access) as connection:
        rows = connection.execute(r"select datname from pg_database where datname like 'placet\_%'").fetchall()
    for (name,) in rows:
        parts = name.split("_")
        abandoned = parts[1] == "clone" and parts[2].isdigit() and started_at(int(parts[2])) is None
        if abandoned or (parts[1] == "template" and name != keep):
            databases.drop(access, name)


@contextlib.contextmanager
def clone(access: Access, template: str) -> Iterator[str]:
    """A fresh copy of the template, removed afterwards; the name tells which process made it."""
    name = f"placet_clone_{os.getpid()}_{next(_NUMBERS)}"
    databases.create(access, name, template=template)
    try:
        yield name
    finally:
        databases.drop(access, name)


@contextlib.contextmanager
def empty_records(access: Access) -> Iterator[str]:
    """A fresh empty database of records."""
    name = f"placet_clone_{os.getpid()}_{next(_NUMBERS)}"
    databases.create_records(access, name)
    try:
        yield name
    finally:
        databases.drop(access, name)
