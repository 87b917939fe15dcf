"""The console in threads of the test itself: one server for all tests, whose database is that of the test.

A process of its own would be started anew for every database, and would load every template once more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from config.surface import WSGIApplication, dispatcher

PATIENCE = 20.0


class _Quiet(WSGIRequestHandler):
    """What went wrong is told by the pages."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called above
        return


class House:
    """Where the console is, and how many requests it answers just now."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.busy = 0
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self.lock:
            self.busy += 1
        try:
            answer = self.application(environ, start_response)
            yield from answer
            # as a server does: the connection to the database is given back by it
            getattr(answer, "close", lambda: None)()
        finally:
            with self.lock:
                self.busy -= 1

    def rest(self) -> None:
        """Until nobody is served any more: what polled when its page was closed may still be under way."""
        limit = time.monotonic() + PATIENCE
        while self.busy and time.monotonic() < limit:
            time.sleep(0.005)
        assert not self.busy, "a request does not end"


@contextmanager
def opened() -> Iterator[tuple[House, str]]:
    """The house and its address."""
    house = House(dispatcher("web"))
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet, ipv6=False)
    server.daemon_threads = True
    server.set_app(house)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield house, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
