"""Processes that ask at once, each with connections of its own."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

from tests.support import forks
from tests.support.proof import PROVE

# Seconds after which a race is taken to hang.
MOST = 900.0 if PROVE else 60.0
# Thirty-two at once; that there are more processes than processors is for the full size.
CREW = {"processes": 4, "threads": 8} if PROVE else {"processes": 2, "threads": 16}

Job = Callable[[int], str]


def _work(job: str, arguments: dict[str, Any], threads: int, go: Event, stop: Event, results: Any) -> None:
    """The body of one process: `threads` threads repeat a job until told to stop; how often what came out."""
    os.environ["PLACET_POOL_MAX"] = str(threads)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.db import connection

    from tests.reviews import jobs

    run: Job = getattr(jobs, job)(**arguments)
    counts: Counter[str] = Counter()
    lock, connected = threading.Lock(), threading.Barrier(threads + 1)

    def loop(number: int) -> None:
        # a race is not lost to a pool that could not connect in time
        _connect(connection)
        connected.wait()
        go.wait()
        done = 0
        while not stop.is_set():
            outcome = run(os.getpid() * 1_000_000 + number * 10_000 + done)
            done += 1
            with lock:
                counts[outcome] += 1
            if outcome == "finished":
                break
        connection.close()

    workers = [threading.Thread(target=loop, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    connected.wait()
    results.put("ready")
    for worker in workers:
        worker.join()
    results.put(dict(counts))


def _connect(connection: Any) -> None:
    """Connect, however long a busy machine takes for it."""
    from django.db import OperationalError

    for _ in range(20):
        try:
            connection.ensure_connection()
            return
        except OperationalError:
            time.sleep(0.2)
    connection.ensure_connection()


@contextmanager
def racing(job: str, *, processes: int, threads: int, **arguments: Any) -> Iterator[Counter[str]]:
    """Race a job of `tests.reviews.jobs` while the body runs; the counter is filled when it ends."""
    with _crew(job, processes, threads, arguments) as (total, stop):
        yield total
        stop.set()


def race(job: str, *, processes: int, threads: int, until: Callable[[], bool], **arguments: Any) -> Counter[str]:
    """Race a job until the rows say that it is over, and a little longer; every outcome with its count."""
    with racing(job, processes=processes, threads=threads, **arguments) as total:
        wait_for(until)
    return total


def race_to_the_end(job: str, *, processes: int, threads: int, **arguments: Any) -> Counter[str]:
    """Race a job that is finished some time; every outcome with its count."""
    with _crew(job, processes, threads, arguments) as (total, _):
        pass
    return total


def wait_for(done: Callable[[], bool], more: float = 0.3) -> None:
    """Let a race go on until the rows say that it is over, and a little longer for those who lost."""
    limit = time.monotonic() + MOST
    while not done() and time.monotonic() < limit:
        time.sleep(0.02)
    assert done()
    time.sleep(more)


@contextmanager
def _crew(job: str, processes: int, threads: int, arguments: dict[str, Any]) -> Iterator[tuple[Counter[str], Event]]:
    """Processes at the job, which begin together; afterwards what came out of those that ended is counted."""
    go, stop, results = forks.CONTEXT.Event(), forks.CONTEXT.Event(), forks.CONTEXT.Queue()
    crew = [forks.start(_work, job, arguments, threads, go, stop, results) for _ in range(processes)]
    total: Counter[str] = Counter()
    try:
        for _ in crew:
            assert results.get(timeout=180) == "ready"
        go.set()
        yield total, stop
        for _ in crew:
            total.update(results.get(timeout=MOST))
        for process in crew:
            process.join(30)
    finally:
        for process in crew:
            process.kill()
