from __future__ import annotations

import sys
from pathlib import Path


def granian(port: int, threads: int, *, workers: int = 1) -> list[str | Path]:
    """The command of a WSGI server on the loopback interface; the surface comes from the environment."""
    return [
        Path(sys.executable).parent / "granian",
        *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(threads)),
        # a worker that was killed is another one a moment later
        *("--workers-kill-timeout", "5", "--respawn-failed-workers"),
        *("--no-ws", "--log-level", "warning", "config.wsgi:application"),
    ]
