"""Writers that race: processes of their own, each with several connections, let loose together."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


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
    context = multiprocessing.get_context("spawn")
    start = time.time() + 3
    shares = [(list(shots[place::processes]), start) for place in range(processes)]
    with context.Pool(processes) as pool:
        return [answer for answers in pool.starmap(_run, shares) for answer in answers]


def _run(writers: list[Sequence[Shot]], start: float) -> list[tuple[int, dict[str, Any]]]:
    answers: list[tuple[int, dict[str, Any]]] = []
    failures: list[BaseException] = []

    def write(shots: Sequence[Shot]) -> None:
        try:
            connection = http.client.HTTPConnection(urlsplit(shots[0].url).netloc, timeout=30)
            connection.connect()
            time.sleep(max(0.0, start - time.time()))
            answers.extend(_ask(connection, shot) for shot in shots)
        except Exception as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(shots,)) for shots in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{len(failures)} writers failed") from failures[0]
    return answers


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
