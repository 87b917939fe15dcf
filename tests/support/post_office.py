"""A real SMTP server and a real HTTP server in the place of Slack, in threads, that misbehave on demand."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = 3.0


@dataclass
class Office:
    """What came in, and how the next callers are treated: a reply each, then as always."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    manner: str = ""


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        office: Office = self.server.office  # type: ignore[attr-defined]
        self._say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"EHLO":
                self._say("250 here")
            elif word == b"RCPT" and office.manner[:1] in ("4", "5"):
                self._say(office.manner)
            elif word == b"DATA":
                self._say("354 go on")
                self._take(office)
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self, office: Office) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        office.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))
        if office.manner == "hang":
            time.sleep(HANG)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Slack(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        office: Office = self.server.office  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        office.posted.append({"path": self.path, **json.loads(body)})
        office.headers.append(dict(self.headers))
        if office.manner == "hang":
            time.sleep(HANG)
        status, answer = {"429": (429, b"{}"), "500": (500, b"oops"), "302": (302, b"")}.get(
            office.manner, (200, b'{"ok": true}')
        )
        answer = {"huge": b'{"ok": true, "more": "' + b"x" * 200_000 + b'"}', "words": b"<html>"}.get(
            office.manner, answer
        )
        if office.manner.startswith("error "):
            answer = json.dumps({"ok": False, "error": office.manner.removeprefix("error ")}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Retry-After", "120")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address, block_on_close = True, True, False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle is part of these tests."""


class _Web(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """As above."""


@contextmanager
def open_office(kind: str) -> Iterator[Office]:
    """An "smtp" or a "slack" server on a port of its own."""
    office = Office()
    place = ("127.0.0.1", 0)
    server = _Threads(place, _Smtp) if kind == "smtp" else _Web(place, _Slack)
    server.office = office  # type: ignore[union-attr]
    office.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield office
    finally:
        server.shutdown()
        server.server_close()
