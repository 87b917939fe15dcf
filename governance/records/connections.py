"""Connections to a PostgreSQL system of record: bounded in number and in time, kept for reuse by one process."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

# libpq knows no shorter one.
CONNECT_SECONDS = 2
MOST = 4


class Bounded(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose every wait ends at `deadline` (monotonic seconds), whatever the server does."""

    deadline: float = math.inf

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        return super().wait(gen, interval, timeout=max(0.0, self.deadline - time.monotonic()))


class Connections:
    """The idle connections of one process to one system of record, at most `MOST` in use at a time."""

    def __init__(self, url: str) -> None:
        self._parameters = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
        # Held for ever: closing them in a child would end the sessions of its parent.
        self._of_parent: list[Bounded] = []
        self._idle: list[Bounded] = []
        self._reset()

    @property
    def single_host(self) -> bool:
        """More than one host in the address would let connecting take longer than the deadline."""
        return "," not in f"{self._parameters.get('host', '')}{self._parameters.get('hostaddr', '')}"

    def enter(self, deadline: float) -> bool:
        """Wait until one more connection may be used; False if none is free before the deadline."""
        self._check_process()
        return self._free.acquire(timeout=max(0.0, deadline - time.monotonic()))

    def leave(self, connection: Bounded | None) -> None:
        """Give a place back, and a connection that is fit for reuse."""
        if connection is not None and not connection.closed:
            with self._lock:
                self._idle.append(connection)
        self._free.release()

    def take(self, deadline: float) -> tuple[Bounded, bool]:
        """A connection, and whether it has been used before; psycopg.Error or OSError if there is none in time."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            connection.deadline = deadline
            return connection, True
        return self._connect(deadline), False

    def close(self) -> None:
        """Close what is idle, such as after the server went away."""
        self._check_process()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _connect(self, deadline: float) -> Bounded:
        failure: psycopg.Error | None = None
        for address in self._addresses():
            if failure is not None and deadline - time.monotonic() < CONNECT_SECONDS:
                break
            try:
                # Named statements would not survive a pooler that hands each transaction another session.
                connection = Bounded.connect(
                    make_conninfo("", **{**self._parameters, **address, "connect_timeout": CONNECT_SECONDS}),
                    autocommit=True,
                    prepare_threshold=None,
                )
            except psycopg.Error as error:
                failure = error
                continue
            connection.deadline = deadline
            return connection
        raise failure or psycopg.OperationalError("no address")

    def _addresses(self) -> Iterator[dict[str, str]]:
        """The addresses of the host, so that connecting is bounded over all of them."""
        host = str(self._parameters.get("host", ""))
        if not host or host.startswith("/") or "hostaddr" in self._parameters:
            yield {}
            return
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        for address in dict.fromkeys(str(entry[4][0]) for entry in found):
            yield {"hostaddr": address}

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._idle = []
        self._free = threading.BoundedSemaphore(MOST)

    def _check_process(self) -> None:
        if self._process != os.getpid():
            self._of_parent.extend(self._idle)
            self._reset()
