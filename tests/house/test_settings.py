from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, ProgrammingError
from psycopg_pool import PoolTimeout

import manage
from config.services.stack import BASE

PRODUCTION = {
    "PLACET_SECRET_KEY": "s" * 60,
    "PLACET_SIGNING_KEY": "A" * 43,
    "PLACET_HOSTS": "console.example",
    "DATABASE_URL": "postgresql://placet_app@127.0.0.1:1/placet",
    "DATABASE_OWNER_URL": "postgresql://placet_owner@127.0.0.1:1/placet",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def _settings(environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    code = f"import json; from config import settings; print(json.dumps([getattr(settings, n) for n in {names!r}]))"
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(BASE)}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        cwd=BASE,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_is_strict_about_cookies_and_transport() -> None:
    names = (
        "DEBUG",
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SAMESITE",
        "CSRF_COOKIE_SAMESITE",
        "SESSION_COOKIE_SECURE",
        "ALLOWED_HOSTS",
        "PLACET_SINGLE_ROLE",
    )
    done = _settings(PRODUCTION, *names)
    assert json.loads(done.stdout) == [
        False,
        True,
        "__Host-placet_session",
        "Lax",
        "Strict",
        True,
        ["console.example"],
        False,
    ], done.stderr


@pytest.mark.parametrize(
    "missing", ["PLACET_SECRET_KEY", "PLACET_SIGNING_KEY", "PLACET_HOSTS", "DATABASE_URL", "REDIS_URL"]
)
def test_production_does_not_start_without(missing: str) -> None:
    done = _settings({key: value for key, value in PRODUCTION.items() if key != missing}, "DEBUG")
    assert done.returncode != 0
    assert f"{missing} is missing." in done.stderr


def test_a_pool_that_would_keep_more_than_it_may_open_does_not_start() -> None:
    done = _settings({**PRODUCTION, "PLACET_POOL_MIN": "9"}, "DEBUG")
    assert "PLACET_POOL_MIN is above PLACET_POOL_MAX." in done.stderr


def test_production_refuses_to_debug() -> None:
    done = _settings({**PRODUCTION, "PLACET_DEBUG": "True"}, "DEBUG")
    assert "PLACET_DEBUG is only for PLACET_MODE=local." in done.stderr


@pytest.mark.parametrize("role", ["app", "owner"])
def test_only_the_owner_connects_as_the_owner(role: str) -> None:
    done = _settings({**PRODUCTION, "PLACET_ROLE": role}, "DATABASES")
    assert json.loads(done.stdout)[0]["default"]["USER"] == f"placet_{role}"


def test_one_address_makes_one_role_of_both() -> None:
    single = {key: value for key, value in PRODUCTION.items() if key != "DATABASE_OWNER_URL"}
    done = _settings({**single, "PLACET_ROLE": "owner"}, "PLACET_SINGLE_ROLE", "DATABASES")
    is_single, databases = json.loads(done.stdout)
    assert is_single is True
    assert databases["default"]["USER"] == "placet_app"


@pytest.mark.parametrize(("owner", "single"), [({}, False), ({"DATABASE_OWNER_URL": PRODUCTION["DATABASE_URL"]}, True)])
def test_an_application_that_is_not_told_who_owns_is_not_taken_for_the_owner(
    owner: dict[str, str], single: bool
) -> None:
    # no process of production but migrate has the owner's address: warning of that would teach to ignore warnings
    told = {key: value for key, value in PRODUCTION.items() if key != "DATABASE_OWNER_URL"} | owner
    assert json.loads(_settings(told, "PLACET_SINGLE_ROLE").stdout) == [single]


def test_a_worker_waits_for_redis_however_long_it_takes() -> None:
    names = ("CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP", "CELERY_BROKER_CONNECTION_MAX_RETRIES")
    assert json.loads(_settings(PRODUCTION, *names).stdout) == [True, None]


def test_tasks_are_json_and_acknowledged_when_done() -> None:
    done = _settings(PRODUCTION, "CELERY_ACCEPT_CONTENT", "CELERY_TASK_ACKS_LATE", "CELERY_TASK_REJECT_ON_WORKER_LOST")
    assert json.loads(done.stdout) == [["json"], True, True]


def test_requests_open_no_transaction_by_themselves() -> None:
    default = json.loads(_settings(PRODUCTION, "DATABASES").stdout)[0]["default"]
    assert (default["ATOMIC_REQUESTS"], default["AUTOCOMMIT"], default["CONN_MAX_AGE"]) == (False, True, 0)
    assert default["OPTIONS"]["pool"]["max_size"] == 8


@pytest.mark.parametrize(("command", "role"), [("migrate", "owner"), ("halt", None), ("runserver", None)])
def test_migrate_alone_runs_as_the_owner_without_being_told(
    command: str, role: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    monkeypatch.setattr(
        "django.core.management.execute_from_command_line", lambda _: seen.append(os.environ.get("PLACET_ROLE"))
    )
    monkeypatch.setenv("PLACET_MODE", "local")
    monkeypatch.setenv("PLACET_ROLE", "")  # restored afterwards
    monkeypatch.delenv("PLACET_ROLE")
    manage.main(["manage.py", command])
    assert seen == [role]


def test_a_setting_that_is_missing_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: list[str]) -> None:
        raise ImproperlyConfigured("PLACET_SECRET_KEY is missing.")

    monkeypatch.setattr("django.core.management.execute_from_command_line", start)
    monkeypatch.setenv("PLACET_MODE", "local")
    with pytest.raises(SystemExit, match=r"^Placet cannot start: PLACET_SECRET_KEY is missing\. Start `make demo`"):
        manage.main(["manage.py", "policy", "list"])
    with pytest.raises(ImproperlyConfigured):
        manage.main(["manage.py", "policy", "list", "--traceback"])


def _raised(cause: BaseException, error: type[DatabaseError] = OperationalError) -> DatabaseError:
    raised = error(str(cause))
    raised.__cause__ = cause
    return raised


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (_raised(PoolTimeout("couldn't get a connection after 3.00 sec")), "cannot be used: couldn't get a connection"),
        (_raised(psycopg.OperationalError("refused\nIs it running?")), "cannot be used: refused. "),
        (_raised(psycopg.errors.UndefinedTable("no relation"), ProgrammingError), "run `manage.py migrate` first"),
        (_raised(psycopg.errors.InsufficientPrivilege("denied"), ProgrammingError), "which role does what"),
    ],
)
def test_a_database_that_an_operator_can_put_right_is_said_in_one_line(
    error: DatabaseError, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: list[str]) -> None:
        raise error

    monkeypatch.setattr("django.core.management.execute_from_command_line", fail)
    monkeypatch.setenv("PLACET_MODE", "local")
    with pytest.raises(SystemExit, match=re.escape(said)) as ended:
        manage.main(["manage.py", "audit", "verify"])
    assert "\n" not in str(ended.value)
    with pytest.raises(DatabaseError):
        manage.main(["manage.py", "audit", "verify", "--traceback"])


def test_a_defect_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: list[str]) -> None:
        raise _raised(psycopg.errors.UndefinedColumn("no column"), ProgrammingError)

    monkeypatch.setattr("django.core.management.execute_from_command_line", fail)
    monkeypatch.setenv("PLACET_MODE", "local")
    with pytest.raises(ProgrammingError):
        manage.main(["manage.py", "audit", "verify"])
