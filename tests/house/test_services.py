from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.services import account, databases, demo, keeper, local
from config.services.account import home, shelter, unprivileged
from config.services.postgres import Postgres
from config.services.process import Family, ServiceError, free_port, locked, port_is_free, started_at
from config.services.stack import BASE, Endpoints, Stack, external_access, forget, secrets_of, write_private
from tests.support.templates import clone


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    tmp_path.chmod(0o755)
    found = Family(tmp_path)
    yield found
    found.stop()
    forget(tmp_path)


def _sleeper(family: Family, name: str = "sleeper") -> int:
    child = family.spawn(name, [sys.executable, "-c", "import time; time.sleep(600)"], env=os.environ, cwd=BASE)
    return child.popen.pid


def _gone(pid: int, seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while started_at(pid) is not None and time.monotonic() < limit:
        time.sleep(0.02)
    return started_at(pid) is None


def test_a_killed_server_comes_back_with_its_rows(family: Family, tmp_path: Path) -> None:
    server = Postgres(tmp_path, "secret", durable=True).start(family)
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("create table kept as select 1 as a")
    family.children[0].popen.send_signal(signal.SIGKILL)
    again = Postgres(tmp_path, "secret", durable=True).start(Family(tmp_path, family.children))
    with psycopg.connect(again.url("postgres")) as connection:
        assert connection.execute("select a from kept").fetchall() == [(1,)]


def test_the_database_lets_nobody_in_without_the_password(services: Endpoints) -> None:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("The database of DATABASE_URL has rules of its own.")
    port = psycopg.conninfo.conninfo_to_dict(services.access.url("admin", "postgres"))["port"]
    for role in ("placet_super", "placet_owner", "placet_app", "postgres"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{role}:guess@127.0.0.1:{port}/postgres")


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from config.services.process import Family;"
        f"f = Family(Path({str(tmp_path)!r}));"
        "c = f.spawn('c', [sys.executable, '-c', 'import time; time.sleep(600)'], env=os.environ, cwd=Path('/'));"
        "print(c.popen.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=BASE, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        supervisor.kill()
        supervisor.wait()
    assert _gone(child)


def test_a_start_stops_what_a_killed_supervisor_left(family: Family, tmp_path: Path) -> None:
    pid = _sleeper(family)
    Family(tmp_path).stop_stale()
    assert _gone(pid)
    assert not list(tmp_path.glob("*.pid"))


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(family: Family, tmp_path: Path) -> None:
    pid = _sleeper(family)
    (tmp_path / "sleeper.pid").write_text(f"{pid} 15 12345")
    Family(tmp_path).stop_stale()
    assert started_at(pid) is not None
    assert not (tmp_path / "sleeper.pid").exists()


def test_a_child_that_will_not_stop_is_killed(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.services.process.STOP_SECONDS", 0.2)
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    child = family.spawn("stubborn", [sys.executable, "-c", stubborn], env=os.environ, cwd=BASE)
    while "deaf" not in child.tail():
        time.sleep(0.02)
    assert child.stop() == -signal.SIGKILL


def test_a_lock_is_held_by_one_and_may_be_shared(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path), locked(path, wait=False) as second:
        assert second is False
    with locked(path, shared=True), locked(path, shared=True, wait=False) as second:
        assert second is True
    with pytest.raises(ServiceError), locked(path, remove=True):
        raise ServiceError("a reason")
    assert not path.exists()


def test_secrets_are_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    first = secrets_of(tmp_path)
    assert secrets_of(tmp_path) == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(set(first.values())) == len(first)


def test_a_closed_folder_moves_the_data_to_a_folder_the_account_can_reach(tmp_path: Path) -> None:
    lent = unprivileged()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert home(closed, None) == closed
    if lent is not None:
        try:
            assert home(closed, lent) == shelter(closed)
            assert shelter(closed).stat().st_mode & 0o777 == 0o711
            shelter(closed).chmod(0o777)
            with pytest.raises(PermissionError):
                home(closed, lent)
        finally:
            forget(closed)
    assert not shelter(closed).exists()


def test_a_busy_port_is_named_before_anything_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(local, "STATE", tmp_path / "state")
    monkeypatch.delenv("RESET", raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        assert not port_is_free(port)
        with pytest.raises(ServiceError, match=f"Port {port} is busy"):
            demo.run()
    assert not (tmp_path / "state").exists()
    assert port_is_free(free_port())


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "٨٠٠٠", "\uff18\uff10", "80²", "008000"])
def test_a_port_is_a_number(port: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "LOCK", tmp_path / "lock")
    monkeypatch.setenv("PORT", port)
    with pytest.raises(ServiceError, match="PORT must be a number"):
        demo.run()


def test_a_second_demo_says_that_one_is_running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "LOCK", tmp_path / "lock")
    with locked(local.LOCK), pytest.raises(ServiceError, match="already running"):
        demo.run()


def test_reset_never_touches_a_database_of_the_operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "LOCK", tmp_path / "lock")
    monkeypatch.setenv("RESET", "1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db.example/real")
    with pytest.raises(ServiceError, match="RESET=1 only empties"):
        demo.run()


def test_a_command_typed_by_hand_finds_the_running_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "STATE", tmp_path)
    local.offer({"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://d"})
    env = {"REDIS_URL": "redis://mine"}
    assert local.adopt(env)
    assert env == {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://mine"}


@pytest.mark.parametrize("told", [{"DATABASE_URL": "x"}, {"DATABASE_URL_FILE": "x"}, {"PLACET_MODE": "production"}])
def test_a_command_that_was_told_where_to_work_stays_there(
    told: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(local, "STATE", tmp_path)
    local.offer({"DATABASE_URL": "postgresql://a@b/c"})
    assert not local.adopt(dict(told))


def test_what_a_killed_demo_left_is_not_adopted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "STATE", tmp_path)
    assert not local.adopt({})
    write_private(tmp_path / "environment.json", f'{{"pid": {os.getpid()}, "born": "1", "env": {{"A": "b"}}}}')
    assert not local.adopt({})


def test_a_superuser_of_the_operator_plays_our_roles_without_passwords(services: Endpoints) -> None:
    access = external_access(services.access.url("admin", "postgres"))
    for role in ("owner", "app", "reader"):
        with psycopg.connect(access.url(role, "postgres")) as connection:
            assert connection.execute("select current_user").fetchone() == (f"placet_{role}",)
    with psycopg.connect(access.url("reader", "postgres")) as connection:
        assert connection.execute("show default_transaction_read_only").fetchone() == ("on",)


def test_any_other_role_of_the_operator_plays_all_three(services: Endpoints) -> None:
    access = external_access(services.access.url("owner", "postgres"))
    assert access.single_role
    assert access.reader == access.app


def test_the_demo_uses_the_servers_of_the_operator(services: Endpoints, template: str, family: Family) -> None:
    said: list[str] = []
    with clone(services.access, template) as name:
        url = services.access.url("admin", name)
        stack = Stack(family.state, family, durable=True)
        try:
            env = local.environment(stack, {"DATABASE_URL": url, "REDIS_URL": services.redis}, said.append)
            assert (env["DATABASE_URL"], env["REDIS_URL"]) == (url, services.redis)
            assert "DATABASE_OWNER_URL" not in env
            assert env["PLACET_CONNECTOR_RECORDS_URL"] == services.access.url("admin", f"{name}_records")
            assert databases.exists(services.access, f"{name}_records")
            assert family.children == []
        finally:
            databases.drop(services.access, f"{name}_records")


def test_a_role_that_may_create_nothing_is_told_what_to_set(services: Endpoints, family: Family) -> None:
    url = services.access.url("app", "postgres")
    stack = Stack(family.state, family, durable=True)
    with pytest.raises(ServiceError, match="PLACET_CONNECTOR_RECORDS_URL"):
        local.environment(stack, {"DATABASE_URL": url, "REDIS_URL": services.redis}, lambda _: None)


def _ends(pid: int, most: float = 30.0) -> None:
    """A process is gone soon; how soon is up to a busy machine."""
    stop = time.monotonic() + most
    while started_at(pid) is not None and time.monotonic() < stop:
        time.sleep(0.05)
    assert started_at(pid) is None


def test_the_keeper_ends_when_nobody_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PLACET_LINGER", "0")
    tmp_path.chmod(0o755)
    with keeper.using(tmp_path) as first, keeper.using(tmp_path) as second:
        assert first == second
        assert second.alive()
        pid = int((tmp_path / "postgres.pid").read_text().split()[0])
    _ends(pid)
    assert not first.alive()
    with keeper.using(tmp_path) as third:
        assert third.alive()
        pid = int((tmp_path / "postgres.pid").read_text().split()[0])
        # what may be lost is in memory where there is room for it, and nowhere else
        assert (account.memory(tmp_path) is None) == (home(tmp_path, unprivileged()) / "postgres").exists()
    _ends(pid)
    with locked(tmp_path / "keeper.lock"):
        assert not account.in_memory(tmp_path).exists()
    forget(tmp_path)


def test_data_are_in_memory_only_where_there_is_room_and_the_folder_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, memory = tmp_path / "state", tmp_path / "memory"
    monkeypatch.setattr(account, "MEMORY", memory)
    assert account.memory(state) is None
    memory.mkdir()
    monkeypatch.setattr(account, "ROOM", 1 << 62)
    assert account.memory(state) is None
    monkeypatch.setattr(account, "ROOM", 0)
    assert account.memory(state) == account.in_memory(state)
    account.in_memory(state).chmod(0o777)
    with pytest.raises(PermissionError):
        account.memory(state)
    state.mkdir()
    forget(state)
    assert not state.exists()
    assert not account.in_memory(state).exists()


def test_a_demo_whose_data_was_deleted_under_it_says_so(tmp_path: Path, family: Family) -> None:
    gone = tmp_path / "gone"
    running = demo.Demo(gone, 8000, demo.Progress(), family)
    with pytest.raises(ServiceError, match=r"gone was deleted while the demo ran\. Stop it, then run make demo\."):
        running.manage(dict(os.environ), "replay")


def test_what_a_failed_command_said_is_told_although_its_log_is_gone(tmp_path: Path, family: Family) -> None:
    running = demo.Demo(tmp_path, 8000, demo.Progress(), family)
    with pytest.raises(ServiceError, match="Unknown command"):
        running.manage(dict(os.environ), "no_such_command", told=lambda line: None)
