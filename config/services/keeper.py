"""Services that stay while somebody uses them: the tests of one checkout share a pair.

Whoever uses the pair holds ``users.lock`` shared. The keeper, a process of its own, ends when it can
take that lock for itself after a quiet while; ``start.lock`` keeps starters and the end apart.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from config.services.account import in_memory
from config.services.process import Family, ServiceError, locked
from config.services.stack import BASE, Endpoints, Stack, external_access, given, read_endpoints

START_SECONDS = 90.0
LINGER_SECONDS = 120.0
SETTLE_SECONDS = 20.0


@contextlib.contextmanager
def using(state: Path) -> Iterator[Endpoints]:
    """The running pair of ``state``, started if need be, kept alive until the block is left."""
    state.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        with locked(state / "start.lock"):
            held.enter_context(locked(state / "users.lock", shared=True))
            endpoints = _outside() or _running(state) or _start(state)
        yield endpoints
    if os.environ.get("PLACET_LINGER") == "0":
        _settle(state)


def _settle(state: Path) -> None:
    """Wait until the keeper has ended, unless somebody else still uses it."""
    limit = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < limit:
        with locked(state / "users.lock", wait=False) as idle:
            if not idle:
                return
        with locked(state / "keeper.lock", wait=False) as ended:
            if ended:
                return
        time.sleep(0.1)


def _outside() -> Endpoints | None:
    database, redis = given(os.environ, "DATABASE_URL"), given(os.environ, "REDIS_URL")
    if database is None:
        return None
    if redis is None:
        raise ServiceError("DATABASE_URL is set: set REDIS_URL too.")
    return Endpoints(external_access(database), redis)


def _running(state: Path) -> Endpoints | None:
    endpoints = read_endpoints(state)
    return endpoints if endpoints is not None and endpoints.alive() else None


def _start(state: Path) -> Endpoints:
    (state / "endpoints.json").unlink(missing_ok=True)
    with (state / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "config.services", "keep", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=BASE,
            start_new_session=True,
        )
    limit = time.monotonic() + START_SECONDS
    while keeper.poll() is None and time.monotonic() < limit:
        endpoints = _running(state)
        if endpoints is not None:
            keeper.returncode = 0  # it outlives us on purpose; no warning about an unreaped child
            return endpoints
        time.sleep(0.05)
    raise ServiceError(f"The services did not start:\n{(state / 'keeper.log').read_text()[-1500:]}")


def keep(state: Path) -> None:
    """Run the pair until nobody has used it for a while, or until told to end."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    linger = float(os.environ.get("PLACET_LINGER", LINGER_SECONDS))
    family = Family(state)
    stack = Stack(state, family, durable=False, fleeting=True)
    with locked(state / "keeper.lock") as _mine:
        family.stop_stale()
        try:
            stack.announce(Endpoints(stack.postgres(), stack.valkey()))
            _serve(state, family, linger, asked)
        finally:
            stack.withdraw()
            family.stop()
            shutil.rmtree(in_memory(state), ignore_errors=True)


def _serve(state: Path, family: Family, linger: float, asked: list[int]) -> None:
    used = time.monotonic()
    while not asked and family.fallen() is None:
        time.sleep(0.5)
        with locked(state / "start.lock", wait=False) as quiet:
            if not quiet:
                used = time.monotonic()
                continue
            with locked(state / "users.lock", wait=False) as idle:
                if not idle:
                    used = time.monotonic()
                elif time.monotonic() - used >= linger:
                    # Still under start.lock: whoever waits for it must not find our address.
                    (state / "endpoints.json").unlink(missing_ok=True)
                    return
