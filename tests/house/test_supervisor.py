from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.services.process import Family, started_at
from config.services.stack import BASE, forget

_RUN = """
import sys
from pathlib import Path
from config.services import demo, local
local.STATE, local.LOCK = Path(sys.argv[1]) / "state", Path(sys.argv[1]) / "lock"
if "--unmigrated" in sys.argv:
    demo.Demo.migrate = lambda self, env: None
sys.exit(demo.run(stack_only=True))
"""

_AGAIN = "--unmigrated"


@contextmanager
def _supervisor(folder: Path, *flags: str, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """`make up` on a state folder of its own, until it says that it is up; migrating is not for every time."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PLACET_", "DATABASE_", "REDIS_"))}
    command = [sys.executable, "-c", _RUN, str(folder), *flags]
    with subprocess.Popen(command, cwd=BASE, env={**env, **extra}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "are up" in line:
                break
        else:
            pytest.fail("".join(said))
        yield process
        process.kill()


def _environment(folder: Path) -> dict[str, str]:
    stored: dict[str, Any] = json.loads((folder / "state" / "environment.json").read_text())
    return dict(stored["env"])


def _children(folder: Path) -> list[int]:
    return [int(path.read_text().split()[0]) for path in (folder / "state").glob("*.pid")]


def _run_sql(folder: Path, role: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(_environment(folder)[role]) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_supervisor_starts_stops_survives_and_forgets(tmp_path: Path) -> None:
    try:
        _lives(tmp_path)
    finally:
        Family(tmp_path / "state").stop_stale()
        forget(tmp_path / "state")


def _lives(folder: Path) -> None:
    with _supervisor(folder) as process:
        _run_sql(folder, "DATABASE_OWNER_URL", "create table kept as select 1 as a")
        assert _run_sql(folder, "DATABASE_URL", "select current_user") == [("placet_app",)]
        children = _children(folder)
        assert len(children) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    # A clean stop leaves neither process nor lock nor address.
    assert [started_at(pid) for pid in children] == [None, None]
    left = {path.name for path in folder.rglob("*")}
    assert not {"lock", "environment.json", "postgres.pid", "valkey.pid", "postmaster.pid"} & left

    with _supervisor(folder, _AGAIN) as process:
        assert _run_sql(folder, "DATABASE_OWNER_URL", "select a from kept") == [(1,)]
        children = _children(folder)
        process.kill()
        process.wait()
    limit = time.monotonic() + 15
    while any(started_at(pid) for pid in children) and time.monotonic() < limit:
        time.sleep(0.05)
    assert [started_at(pid) for pid in children] == [None, None]

    with _supervisor(folder, _AGAIN, RESET="1") as process:
        with pytest.raises(psycopg.errors.UndefinedTable):
            _run_sql(folder, "DATABASE_OWNER_URL", "select a from kept")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
