"""The edges of the agents' surface, as a real server meets them: methods, paths, and bytes that are hardly HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import Desk, wanted
from tests.cast import Cast
from tests.support.live import Servers


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/errors/", "/.well-known/jwks.json"])
def test_head_is_get_without_its_body(agents_surface: httpx.Client, path: str) -> None:
    got, head = agents_surface.get(path), agents_surface.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


def test_head_of_an_own_action(desk: Desk) -> None:
    action = desk.ask().json()["id"]
    head = desk.client.head(f"/api/v1/actions/{action}/", headers={"Authorization": f"Bearer {desk.key}"})
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/actions/", "POST"),
        ("OPTIONS", "/api/v1/escalations/", "POST"),
        ("DELETE", "/api/v1/errors/", "GET, HEAD"),
        ("POST", "/.well-known/jwks.json", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_known_is_told_which_are(
    agents_surface: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = agents_surface.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["code"] == "method_not_allowed"


def test_every_answer_forbids_to_guess_its_type(desk: Desk) -> None:
    for answer in (desk.ask(), desk.get("nothing/"), desk.client.get("/api/v1/openapi.json"), desk.post("actions/")):
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_surface_sets_no_cookie_and_opens_no_session(desk: Desk) -> None:
    for answer in (desk.ask(), desk.get("errors/")):
        assert "set-cookie" not in answer.headers


RAW: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "an unknown path": (b"GET /api/v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n", (404,)),
    "a path that is not UTF-8": (b"GET /api/v1/actions/%ff%fe/ HTTP/1.1\r\nHost: x\r\n\r\n", (404,)),
    "a path with raw bytes": (b"GET /api/v1/\xe2\x80\xae/ HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404)),
    "a path above the BMP": (b"GET /api/v1/%F0%9F%98%80/ HTTP/1.1\r\nHost: x\r\n\r\n", (404,)),
    "a path with NUL": (b"GET /api/v1/%00/ HTTP/1.1\r\nHost: x\r\n\r\n", (404,)),
    "a header that is not ASCII": (
        b"POST /api/v1/actions/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nContent-Length: 0\r\n\r\n",
        (401, 400),
    ),
    "a strange host": (b"GET /api/v1/errors/ HTTP/1.1\r\nHost: evil.example/../\r\n\r\n", (200, 400)),
    "an absolute address": (b"GET http://evil.example/api/v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n", (404, 400)),
    "a strange method": (b"FROBNICATE /api/v1/actions/ HTTP/1.1\r\nHost: x\r\n\r\n", (405, 400)),
    "CONNECT": (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404, 405)),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404, 405)),
    "a body without a length": (
        b"POST /api/v1/actions/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n",
        (401, 400),
    ),
    "two lengths": (
        b"POST /api/v1/actions/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        (400, 401),
    ),
    "a negative length": (b"POST /api/v1/actions/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", (400, 401)),
    "an old protocol": (b"GET /api/v1/errors/ HTTP/1.0\r\n\r\n", (200, 400)),
}


def test_a_real_server_answers_hardly_http_without_a_5xx(committed_cast: Cast, servers: Servers) -> None:
    address = servers.start("api", fresh=True)
    answers = {name: exchange(address, request) for name, (request, _) in RAW.items()}
    assert {name: status for name, status in answers.items() if status not in RAW[name][1]} == {}


def workers(server: int) -> set[int]:
    """The processes that answer for a server."""
    found = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return {int(pid) for pid in found if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()}


def test_a_worker_that_is_killed_is_another_one_a_moment_later(committed_cast: Cast, servers: Servers) -> None:
    address = servers.start("api", fresh=True)
    server = servers.children[address].pid
    assert server is not None
    killed = workers(server)
    assert killed
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    limit, status = time.monotonic() + 60, 0
    while status != 200 and time.monotonic() < limit:
        with suppress(httpx.TransportError):
            status = httpx.get(f"{address}/readyz", timeout=2).status_code
    assert status == 200
    assert not workers(server) & killed


def test_a_real_server_takes_good_requests_and_refuses_long_ones(committed_cast: Cast, servers: Servers) -> None:
    key = {"Authorization": f"Bearer {committed_cast.refunder_key}", "Content-Type": "application/json"}
    with httpx.Client(base_url=servers.start("api"), headers=key, timeout=30) as client:

        def post(number: int, content: bytes | Iterator[bytes]) -> httpx.Response:
            # a server that refuses before it has read may hang up: what follows takes a connection of its own
            headers = {"Idempotency-Key": f"live-{number}", "Connection": "close"}
            return client.post("/api/v1/actions/", content=content, headers=headers)

        body = json.dumps(wanted()).encode()
        assert post(1, body).status_code == 200
        for length, number in ((70_000, 3), (300_000, 4), (5_000_000, 5)):
            answer = post(number, b" " * length)
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        chunked = post(6, iter([body[:20], body[20:]]))
        assert (chunked.status_code, "Content-Length" in chunked.json()["detail"]) == (400, True)


def exchange(address: str, request: bytes) -> int:
    """The status a server answers raw bytes with."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=10) as line:
        line.sendall(request)
        answer = line.recv(65_536)
    assert answer.startswith(b"HTTP/1.")
    return int(answer.split()[1])
