"""Real server processes for tests: granian against a committed database."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from config.services.process import free_port
from config.services.web import granian
from tests.support import forks

START_SECONDS = 60.0


@dataclass
class Servers:
    """Starts as many server processes as a test asks for; all end with the test."""

    environment: Mapping[str, str]
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="placet-live-")))
    children: dict[str, BaseProcess] = field(default_factory=dict)

    def start(
        self,
        surface: str = "all",
        *,
        threads: int = 8,
        fresh: bool = False,
        prepare: Callable[[], None] | None = None,
        **extra: str,
    ) -> str:
        """Start one process of a surface (`all`, `api`, `web`); returns its address without a closing slash.

        ``extra`` are further environment variables of that process; ``fresh`` starts it as an operator
        would, in a new interpreter; ``prepare`` is called in it first.
        """
        port = free_port()
        env = {
            **os.environ,
            **self.environment,
            "PLACET_SURFACE": surface,
            "PLACET_POOL_MAX": str(threads),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **extra,
        }
        log = self.folder / f"{surface}-{port}.log"
        url = f"http://127.0.0.1:{port}"
        self.children[url] = forks.run(granian(port, threads), environment=env, log=log, fresh=fresh, prepare=prepare)
        _wait(url, self.children[url], log)
        return url

    def kill(self, url: str) -> None:
        """kill -9 the server and its workers, as a crash would."""
        forks.kill(self.children.pop(url))

    def logs(self) -> str:
        """All that the servers printed so far."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in self.children.values():
            forks.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def _wait(url: str, process: BaseProcess, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while process.is_alive() and time.monotonic() < limit:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')[-1500:]}")
