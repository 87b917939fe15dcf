"""Writers that race: processes of their own, each with several connections, let loose together."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any
from urllib.parse import urlsplit

from tests.support import forks

_CONNECTED = "connected"


@dataclass(frozen=True)
class Shot:
    """One request of a writer: where, as whom, with which key and body."""

    url: str
    key: str
    idempotency_key: str
    body: dict[str, Any]


def race(shots: Sequence[Sequence[Shot]], *, processes: int = 4) -> list[tuple[int, dict[str, Any]]]:
    """Each inner list is one writer, who asks one after the other; all writers start at the same moment.

    Answers of 409 and 503 are asked again with the same key, as every client must.
    """
    go, results = forks.CONTEXT.Event(), forks.CONTEXT.Queue()
    crew = [forks.start(_run, list(shots[place::processes]), go, results) for place in range(processes)]
    for _ in crew:
        assert results.get(timeout=60) == _CONNECTED
    go.set()
    answers = [answer for _ in crew for answer in results.get(timeout=600)]
    for process in crew:
        process.join(30)
    return answers


def _run(writers: list[Sequence[Shot]], go: Event, results: Any) -> None:
    connections = [_connect(shots[0].url) for shots in writers]
    answers: list[tuple[int, dict[str, Any]]] = []

    def write(connection: http.client.HTTPConnection, shots: Sequence[Shot]) -> None:
        go.wait()
        answers.extend(_ask(connection, shot) for shot in shots)

    threads = [threading.Thread(target=write, args=pair) for pair in zip(connections, writers, strict=True)]
    for thread in threads:
        thread.start()
    results.put(_CONNECTED)
    for thread in threads:
        thread.join()
    # a writer that broke off has told less than it was asked: the sum of all answers shows it
    results.put(answers)


def _connect(url: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.connect()
    return connection


def _ask(connection: http.client.HTTPConnection, shot: Shot) -> tuple[int, dict[str, Any]]:
    headers = {
        "Authorization": f"Bearer {shot.key}",
        "Content-Type": "application/json",
        "Idempotency-Key": shot.idempotency_key,
    }
    for _ in range(50):
        connection.request("POST", "/api/v1/actions/", json.dumps(shot.body), headers)
        response = connection.getresponse()
        status, body = response.status, json.loads(response.read())
        if status not in (409, 503):
            return status, body
        time.sleep(0.05)
    return status, body
