"""OPA over HTTP against a stub at the edge of the machine: never another version, never late, never elsewhere."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from governance.engines.opa import Opa, stamp
from governance.engines.protocol import Program, Raw
from tests.governance.policies.rego import refunds

PROGRAM = Program("d1", "refunds", (), (("small", "placet.refunds.small"),))
Answer = Callable[[str, Any], tuple[int, bytes]]


class Stub:
    """Answers as OPA does; a test replaces how."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.delay = 0.0
        self.how: Answer = self.well
        self.stamp = "d1"

    def well(self, path: str, given: Any) -> tuple[int, bytes]:
        if path == "/v1/data/placet/stamps/refunds/digest":
            return 200, json.dumps({"result": self.stamp}).encode()
        tier = "execute" if given["input"]["small"] is True else "propose"
        return 200, json.dumps({"result": {"tier": tier, "reasons": []}}).encode()


@pytest.fixture
def stub() -> Iterator[tuple[Stub, Opa]]:
    made = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            made.asked.append((self.path, given))
            time.sleep(made.delay)
            status, body = made.how(self.path, given)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opa = Opa(f"http://127.0.0.1:{server.server_address[1]}/")
    yield made, opa
    opa.close()
    server.shutdown()
    server.server_close()


def one(opa: Opa, document: str = '{"small":true}', seconds: float = 5) -> Raw:
    (raw,) = opa.evaluate([PROGRAM], document, seconds=seconds)
    return raw


def test_it_answers_by_package_with_the_same_input(stub: tuple[Stub, Opa]) -> None:
    made, opa = stub
    assert one(opa) == Raw("d1", "small", "execute", [], "")
    assert one(opa, '{"small":0}').tier == "propose"
    assert made.asked[1] == ("/v1/data/placet/refunds/small", {"input": {"small": True}})


def test_another_version_than_the_active_one_never_answers(stub: tuple[Stub, Opa]) -> None:
    made, opa = stub
    made.stamp = "d0"
    assert one(opa).failure == "not_loaded"
    assert [path for path, _ in made.asked] == ["/v1/data/placet/stamps/refunds/digest"]


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        (lambda path, given: (500, b"{}"), "broken"),
        (lambda path, given: (302, b"{}"), "broken"),
        (lambda path, given: (200, b"not json"), "crashed"),
        (lambda path, given: (200, b"[1]"), "broken"),
        (lambda path, given: (200, b"{}"), "not_loaded"),
        (lambda path, given: (200, b"x" * 100_000), "huge"),
        (lambda path, given: (200, b"[" * 60_000), "crashed"),
    ],
    ids=["error", "redirect", "no json", "no object", "undefined", "huge", "deep"],
)
def test_whatever_else_it_says_is_a_failure(stub: tuple[Stub, Opa], how: Answer, failure: str) -> None:
    made, opa = stub
    made.how = how
    assert one(opa).failure == failure


def test_a_rule_without_an_answer_is_undefined(stub: tuple[Stub, Opa]) -> None:
    made, opa = stub
    made.how = lambda path, given: made.well(path, given) if "stamps" in path else (200, b"{}")
    assert one(opa).failure == "undefined"


def test_late_is_slow_and_so_is_everything_behind_it(stub: tuple[Stub, Opa]) -> None:
    made, opa = stub
    made.delay = 0.5
    found = opa.evaluate([PROGRAM, PROGRAM], "{}", seconds=0.1)
    assert [raw.failure for raw in found] == ["slow", "slow"]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://a\x7fb", "http://..:80", "http://xn--a:80"], ids=ascii
)
def test_nobody_there_is_a_failure(address: str) -> None:
    opa = Opa(address)
    assert one(opa).failure == "crashed"
    opa.close()


def test_the_stamp_says_the_digest_of_the_files() -> None:
    name, text = stamp(refunds())
    assert name == "placet_stamp_refunds.rego"
    assert f'digest := "{refunds().digest}"' in text
