"""Child processes that never outlive us: pid files, parent-death signals, stale ones stopped."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.services.account import Account

STOP_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


class ServiceError(Exception):
    """A service cannot run; the text is one sentence for the person at the terminal."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True, remove: bool = False) -> Iterator[bool]:
    """Hold a lock file; yields False when ``wait`` is off and somebody else holds it.

    The kernel drops the lock with its holder, so a killed process leaves none behind; ``remove`` also
    takes the file away at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, mode)
            except BlockingIOError:
                yield False
                return
            if not _still_names(path, descriptor):
                continue  # its last holder removed the file while we waited: lock the new one
            try:
                yield True
            finally:
                if remove:
                    path.unlink(missing_ok=True)
            return
        finally:
            os.close(descriptor)


def _still_names(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def started_at(pid: int) -> str | None:
    """When a process began, as an opaque text, or None when it is gone or only waits to be reaped.

    A pid alone proves nothing: the number may belong to somebody else by now.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if sys.platform == "linux":
            return None
        answer = subprocess.run(
            ["ps", "-p", str(pid), "-o", "lstart="], capture_output=True, text=True, check=False
        ).stdout.strip()
        return answer or None
    return None if fields[0] in "ZX" else fields[19]


def _die_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork: afterwards only the call is safe
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


@dataclass
class Child:
    name: str
    popen: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    pid_file: Path
    log: Path

    def tail(self, characters: int = 1500) -> str:
        """The end of its log, for the error message."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return text[-characters:].strip()

    def stop(self) -> int:
        """Ask, wait, then kill its whole process group; returns the exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        code = self.popen.wait()
        self.pid_file.unlink(missing_ok=True)
        return code


@dataclass
class Family:
    """The child processes of one state folder."""

    state: Path
    children: list[Child] = field(default_factory=list)

    def spawn(
        self,
        name: str,
        args: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        account: Account | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a child in a process group of its own, so that Ctrl-C reaches only us."""
        log, pid_file = self.state / f"{name}.log", self.state / f"{name}.pid"
        with log.open("wb") as sink:
            popen = subprocess.Popen(
                [str(part) for part in args],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent(stop),
                **(account.popen() if account else {}),
            )
        pid_file.write_text(f"{popen.pid} {int(stop)} {started_at(popen.pid)}")
        child = Child(name, popen, stop, pid_file, log)
        self.children.append(child)
        return child

    def fallen(self) -> Child | None:
        """A child that ended although nobody asked it to."""
        return next((child for child in self.children if child.popen.poll() is not None), None)

    def stop(self, told: Callable[[str], None] = lambda _: None) -> None:
        while self.children:
            child = self.children.pop()
            told(f"{child.name} stopped ({child.stop()})")

    def stop_stale(self) -> None:
        """End what a killed predecessor left running."""
        for pid_file in sorted(self.state.glob("*.pid")):
            parts = pid_file.read_text().split(" ", 2)
            if len(parts) == 3 and parts[0].isdigit() and parts[1].isdigit():
                _end(int(parts[0]), signal.Signals(int(parts[1])), parts[2])
            pid_file.unlink(missing_ok=True)


def _end(pid: int, stop: signal.Signals, born: str) -> None:
    if started_at(pid) != born:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, stop)
    limit = time.monotonic() + STOP_SECONDS
    while started_at(pid) == born and time.monotonic() < limit:
        time.sleep(0.05)
    if started_at(pid) == born:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
