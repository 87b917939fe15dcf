"""Real server processes for tests: granian against a committed database."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from config.services.process import Child, Family, free_port
from config.services.stack import BASE
from config.services.web import granian

START_SECONDS = 60.0


@dataclass
class Servers:
    """Starts as many server processes as a test asks for; all end with the test."""

    environment: Mapping[str, str]
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="placet-live-")))
    children: dict[str, Child] = field(default_factory=dict)
    family: Family = field(init=False)

    def __post_init__(self) -> None:
        self.family = Family(self.folder)

    def start(self, surface: str = "all", *, threads: int = 8, **extra: str) -> str:
        """Start one process of a surface (`all`, `api`, `web`); returns its address without a closing slash.

        ``extra`` are further environment variables of that process.
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
        child = self.family.spawn(f"{surface}-{port}", granian(port, threads), env=env, cwd=BASE)
        url = f"http://127.0.0.1:{port}"
        self.children[url] = child
        _wait(url, child)
        return url

    def kill(self, url: str) -> None:
        """kill -9 the server and its workers, as a crash would."""
        child = self.children.pop(url)
        os.killpg(child.popen.pid, 9)
        child.popen.wait()

    def logs(self) -> str:
        """All that the servers printed so far."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        self.family.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _wait(url: str, child: Child) -> None:
    limit = time.monotonic() + START_SECONDS
    while child.popen.poll() is None and time.monotonic() < limit:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{child.tail()}")
