"""The whole of Placet on this machine, in one foreground process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import httpx

from config.services import local
from config.services.process import Child, Family, ServiceError, locked, port_is_free
from config.services.stack import BASE, Stack, forget, given
from config.services.web import granian

WEB_SECONDS = 90.0
# Enough recorded actions to fill the queue, few enough to be done before the tea is.
REPLAYED_WRITES = 150
LOGIN = "login "
# The demo's shop has parcels in a system that never answers: nobody listens on this port.
WAREHOUSE = {"PLACET_CONNECTOR_WAREHOUSE_URL": "postgresql://placet_reader@127.0.0.1:1/warehouse"}


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Leave the block at Ctrl-C or SIGTERM; afterwards neither interrupts the stopping."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _Stopped

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        signal.signal(number, stop)
    try:
        with contextlib.suppress(_Stopped):
            yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)


@dataclass
class Progress:
    """One line a step, with the seconds since the start."""

    begun: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.begun:5.1f} s] {text}", flush=True)


@dataclass
class Demo:
    state: Path
    port: int
    progress: Progress
    family: Family
    logins: list[str] = field(default_factory=list)

    def services(self, **extra: str) -> dict[str, str]:
        """Start (or find) PostgreSQL and Valkey; returns the environment of everything else."""
        stack = Stack(self.state, self.family, durable=True)
        env = local.environment(stack, os.environ, self.progress.say) | extra
        env["PLACET_URL"] = f"http://127.0.0.1:{self.port}"
        local.offer(env)
        return {**os.environ, **env}

    def manage(self, env: dict[str, str], *arguments: str, told: Callable[[str], None] | None = None) -> None:
        """Run a management command; ``told`` hears each line it prints."""
        command = [sys.executable, "-u", "manage.py", *arguments]
        with self._log(arguments[0]) as errors:
            with subprocess.Popen(
                command, cwd=BASE, env=env, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process:
                try:
                    for line in process.stdout or ():
                        if told is not None:
                            told(line.rstrip())
                except BaseException:
                    process.kill()
                    raise
            if process.returncode != 0:
                errors.seek(0)
                told_last = errors.read().decode(errors="replace")[-2000:]
                raise ServiceError(f"`manage.py {' '.join(arguments)}` failed:\n{told_last}")

    def _log(self, name: str) -> BinaryIO:
        """Where a command's errors go. The demo's data may be deleted under it: that is said, not a traceback."""
        try:
            return (self.state / f"{name}.log").open("w+b")
        except FileNotFoundError as error:
            raise ServiceError(f"{self.state} was deleted while the demo ran. Stop it, then run make demo.") from error

    def migrate(self, env: dict[str, str]) -> None:
        self.manage({**env, "PLACET_ROLE": "owner"}, "migrate", "--noinput", "--verbosity", "0")
        self.progress.say("Tables are up to date.")

    def collect(self, env: dict[str, str]) -> None:
        self.manage(env, "collectstatic", "--noinput", "--verbosity", "0")
        self.progress.say("Static files are collected.")

    def seed(self, env: dict[str, str]) -> None:
        self.manage(env, "demo_seed", told=self._hear)
        self.progress.say("The demo scenario is in place.")

    def _hear(self, line: str) -> None:
        """A line that begins with the word login is kept for the end, where people look for it."""
        if line.startswith(LOGIN):
            self.logins.append(line.removeprefix(LOGIN))
        else:
            self.progress.say(line)

    def serve(self, env: dict[str, str]) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "config"]
        env = {**env, "PLACET_SURFACE": "all"}
        web = self.family.spawn("web", granian(self.port, threads=8), env=env, cwd=BASE)
        self.family.spawn("worker", [*celery, "worker", "-c", "2", "-l", "warning"], env=env, cwd=BASE)
        schedule = ["beat", "-l", "warning", "-s", str(self.state / "beat"), "--pidfile="]
        self.family.spawn("beat", [*celery, *schedule], env=env, cwd=BASE)
        self._await(web)
        self.progress.say("Web, worker and beat are running.")

    def _await(self, web: Child) -> None:
        limit = time.monotonic() + WEB_SECONDS
        while time.monotonic() < limit:
            self.check()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.1)
        raise ServiceError(f"The web process does not answer. Its last words:\n{web.tail()}")

    def play(self, env: dict[str, str], part: str) -> None:
        """Let the demo's agents act, over HTTP: first what makes cases, then what runs on its own."""
        self.manage(env, "demo_traffic", "--only", part, told=self.progress.say)

    def replay(self, env: dict[str, str]) -> None:
        """Some recorded runs of real agents, where they are at hand."""
        if local.recorded_runs(env) is None:
            return
        self.progress.say("Recorded runs of real agents were found; replaying some of them.")
        try:
            self.manage(env, "replay", "--limit", str(REPLAYED_WRITES), told=self.progress.say)
        except ServiceError as error:
            self.progress.say(str(error))  # the console is useful without them

    def check(self) -> None:
        """A child that died takes the demo down with a sentence, rather than leaving half of it."""
        fallen = self.family.fallen()
        if fallen is not None:
            raise ServiceError(f"{fallen.name} stopped by itself. Its last words:\n{fallen.tail()}")

    def welcome(self) -> None:
        print(f"\nPlacet is at http://127.0.0.1:{self.port}/", flush=True)
        for line in self.logins:
            print(f"  {line}", flush=True)
        print("Ctrl-C stops it; the data stays (make demo RESET=1 starts afresh).\n", flush=True)

    def watch(self) -> None:
        while True:
            self.check()
            time.sleep(0.5)

    def close(self) -> None:
        print(flush=True)
        self.family.stop(self.progress.say)
        local.retract()


def _open(stack_only: bool) -> None:
    """What can be said before anything is started."""
    if given(os.environ, "RESET") == "1" and given(os.environ, "DATABASE_URL"):
        raise ServiceError("RESET=1 only empties the embedded database; DATABASE_URL names another one.")
    if not stack_only and not port_is_free(_port()):
        raise ServiceError(f"Port {_port()} is busy. Stop what listens there, or choose another: make demo PORT=8001")


def _port() -> int:
    text = given(os.environ, "PORT") or "8000"
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise ServiceError("PORT must be a number from 1 to 65535, in the digits 0 to 9.")
    return int(text)


def run(*, stack_only: bool = False) -> int:
    """Run in the foreground until Ctrl-C; returns the exit code."""
    with locked(local.LOCK, wait=False, remove=True) as mine:
        if not mine:
            raise ServiceError("The demo of this checkout is already running; stop it first.")
        _open(stack_only)
        family = Family(local.STATE)
        family.stop_stale()
        if given(os.environ, "RESET") == "1":
            forget(local.STATE)
        local.STATE.mkdir(parents=True, exist_ok=True)
        demo = Demo(local.STATE, _port(), Progress(), family)
        try:
            with _stoppable():
                _live(demo, stack_only)
        finally:
            demo.close()
    return 0


def _live(demo: Demo, stack_only: bool) -> None:
    env = demo.services(**({"PLACET_STATIC": "finders"} if stack_only else WAREHOUSE))
    demo.migrate(env)
    if stack_only:
        print("\nPostgreSQL and Valkey are up; manage.py finds them by itself. Ctrl-C stops them.\n", flush=True)
    else:
        demo.collect(env)
        demo.seed(env)
        demo.serve(env)
        demo.play(env, "cases")
        demo.welcome()
        demo.play(env, "work")
        demo.replay(env)
    demo.watch()
