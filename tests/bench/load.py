"""Load over HTTP: saturation by several connections, latency by one paced connection. Standard library only.

`wrk` makes the load where it is installed, because it takes less of the cores that the server needs as well.
"""

from __future__ import annotations

import multiprocessing
import random
import re
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CUSTOMERS = 50_000
_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_WRK = shutil.which("wrk")


@dataclass(frozen=True)
class Target:
    """One endpoint. In `body`, `@SEQ@` is a fresh number and `@CUSTOMER@` one of many customers, each of 12 digits.

    `refused`: a 403 is the answer that is waited for, not a 2xx.
    """

    name: str
    url: str
    headers: dict[str, str]
    body: str
    refused: bool = False

    @property
    def status(self) -> bytes:
        """How the status of a good answer begins."""
        return b"403" if self.refused else b"2"


@dataclass(frozen=True)
class Burst:
    """What one load came to. Latencies in milliseconds; `bad` counts answers of another status than the target's."""

    requests: int
    per_second: float
    p50: float
    p99: float
    bad: int


def saturate(target: Target, *, connections: int, seconds: float) -> Burst:
    """As many requests as the server answers, over this many keep-alive connections."""
    if _WRK is not None:
        return _wrk(target, connections, seconds)
    processes = 2 if connections >= 32 else 1
    shares = [connections // processes] * processes
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        results = pool.starmap(_hammer, [(target, share, seconds, number) for number, share in enumerate(shares)])
    latencies = sorted(each for result in results for each in result[0])
    return _burst(latencies, sum(result[1] for result in results), seconds)


def pace(targets: Sequence[Target], *, rate: float, requests: int) -> dict[str, Burst]:
    """Latency at low load: one connection each, the targets in turn, `rate` requests a second over all."""
    sockets = {target.name: _connect(target) for target in targets}
    makers = {target.name: requests_of(target, 10_000) for target in targets}
    latencies: dict[str, list[float]] = {target.name: [] for target in targets}
    bad = dict.fromkeys(latencies, 0)
    begun = time.perf_counter()
    for number in range(requests + 20):
        for target in random.sample(list(targets), len(targets)):
            due = begun + sum(map(len, latencies.values())) / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent = time.perf_counter()
            sockets[target.name].sendall(next(makers[target.name]))
            good = _answer(sockets[target.name], target.status)
            if number >= 20:
                latencies[target.name].append(time.perf_counter() - sent)
                bad[target.name] += not good
    return {name: _burst(sorted(each), bad[name], time.perf_counter() - begun) for name, each in latencies.items()}


def requests_of(target: Target, salt: int) -> Iterator[bytes]:
    """Whole requests, each with its own Idempotency-Key. Tokens have a fixed length, so only they change."""
    parts = urlsplit(target.url)
    chance = random.Random(salt + time.time_ns())
    body = target.body.replace("@SEQ@", "0" * 12).replace("@CUSTOMER@", "0" * 12)
    headers = {**target.headers, "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    text = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nIdempotency-Key: @SEQ@\r\n{lines}\r\n{target.body}"
    pieces = [piece.encode() for piece in re.split("(@SEQ@|@CUSTOMER@)", text)]
    while True:
        fresh = {b"@SEQ@": b"%012d" % chance.randrange(10**12), b"@CUSTOMER@": b"%012d" % chance.randrange(CUSTOMERS)}
        yield b"".join(fresh.get(piece, piece) for piece in pieces)


def _hammer(target: Target, connections: int, seconds: float, salt: int) -> tuple[list[float], int]:
    """Latencies and bad answers of one process that keeps all its connections busy."""
    selector, maker = selectors.DefaultSelector(), requests_of(target, salt)
    sent: dict[int, float] = {}
    buffers: dict[int, bytes] = {}
    for _ in range(connections):
        opened = _connect(target)
        selector.register(opened, selectors.EVENT_READ)
        opened.sendall(next(maker))
        sent[opened.fileno()], buffers[opened.fileno()] = time.perf_counter(), b""
    latencies, bad, end = [], 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in selector.select(timeout=1):
            ready = key.fileobj
            assert isinstance(ready, socket.socket)
            number = ready.fileno()
            received = ready.recv(65536)
            if not received:
                raise ConnectionError("The server closed a connection.")
            buffers[number] += received
            good = _complete(buffers[number], target.status)
            if good is None:
                continue
            latencies.append(time.perf_counter() - sent[number])
            bad += not good
            buffers[number], sent[number] = b"", time.perf_counter()
            ready.sendall(next(maker))
    return latencies, bad


def _complete(data: bytes, status: bytes = b"2") -> bool | None:
    """Whether a whole answer has this status; None while it is not whole."""
    head, separator, rest = data.partition(b"\r\n\r\n")
    if not separator:
        return None
    length = _LENGTH.search(head)
    if len(rest) < (int(length[1]) if length else 0):
        return None
    return data[9:12].startswith(status)


def _answer(opened: socket.socket, status: bytes) -> bool:
    data = b""
    while (good := _complete(data, status)) is None:
        received = opened.recv(65536)
        if not received:
            raise ConnectionError("The server closed a connection.")
        data += received
    return good


def _connect(target: Target) -> socket.socket:
    parts = urlsplit(target.url)
    opened = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _burst(latencies: Sequence[float], bad: int, seconds: float) -> Burst:
    count = len(latencies)
    if not count:
        raise RuntimeError("Nothing was answered.")
    return Burst(count, count / seconds, latencies[count // 2] * 1000, latencies[int(count * 0.99)] * 1000, bad)


_SCRIPT = """
local body = [=[%s]=]
local headers = {%s}
function init(args) math.randomseed(%d + tonumber(string.match(tostring(wrk), "0x(%%x+)") or "1", 16) %% 100000) end
function request()
  local number = string.format("%%012d", math.random(0, 999999999) * 1000 + math.random(0, 999))
  headers["Idempotency-Key"] = number
  local filled = string.gsub(body, "@SEQ@", number)
  filled = string.gsub(filled, "@CUSTOMER@", string.format("%%012d", math.random(0, %d)))
  return wrk.format("POST", nil, headers, filled)
end
"""


def _wrk(target: Target, connections: int, seconds: float) -> Burst:
    headers = {**target.headers, "Content-Type": "application/json"}
    table = ",".join(f'["{name}"]="{value}"' for name, value in headers.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % (target.body, table, random.randrange(2**30), CUSTOMERS - 1))
        script.flush()
        threads = 2 if connections >= 32 else 1
        options = [f"-t{threads}", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "--timeout", "10s"]
        command = [str(_WRK), *options, "-s", script.name, target.url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    rate = re.search(r"Requests/sec: +([\d.]+)", output)
    if not found or not rate:
        raise RuntimeError(f"wrk said: {output[-500:]}")
    p50, p99 = (_milliseconds(output, share) for share in ("50", "99"))
    other, total = int(refused[1]) if refused else 0, int(found[1])
    return Burst(total, float(rate[1]), p50, p99, total - other if target.refused else other)


def _milliseconds(output: str, share: str) -> float:
    match = re.search(rf"(?m)^ +{share}% +([\d.]+)(us|ms|s|m)$", output)
    if not match:
        return 0.0
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[match[2]]


def generator() -> str:
    """What makes the load."""
    return str(Path(_WRK).name) if _WRK else "our own generator (install wrk to take less of the server's cores)"
