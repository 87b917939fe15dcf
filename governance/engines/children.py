"""Processes in which rules run, each given to one decision at a time; who is late is killed and another one started."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from governance.engines.protocol import LOAD_SECONDS, Program, Raw

WORKER = Path(__file__).with_name("worker.py")
MOST_CHILDREN = 4
SPARE = 2
# A worker keeps what it loaded; after so many programs besides those that govern another one takes its place.
MOST_LOADED = 64
# Its own alarm ends a worker that nobody waits for any more.
ALARM_SECONDS = 1.0


class Late(Exception):  # noqa: N818 - what happened, not an error of ours
    """No answer within the time given."""


class Gone(Exception):  # noqa: N818
    """The process ended instead of answering."""


class Child:
    """One worker. Its pipes never block: it is asked and heard within a deadline, or not at all."""

    def __init__(self) -> None:
        found = find_spec("regorus")
        where = [] if found is None or found.origin is None else [str(Path(found.origin).parent.parent)]
        # isolated and without site: it starts in a third of the time, and reads no environment of ours
        command = [sys.executable, "-I", "-S", str(WORKER), *where]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/"
        )
        self._in, self._out = _pipe(self._process.stdin), _pipe(self._process.stdout)
        self._heard = b""
        self._ready = False
        self.loaded: set[str] = set()

    @property
    def lives(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def ready(self, deadline: float) -> bool:
        """Whether it has started, waiting until the deadline at most."""
        try:
            while not self._ready:
                self._ready = self._line(deadline) == b'"ready"'
        except (Late, Gone):
            return False
        return True

    def ask(self, request: bytes, deadline: float) -> list[Any]:
        """Its lines. Raises Late or Gone with what came before in `args`."""
        lines: list[Any] = []
        try:
            self._send(request, deadline)
            while line := self._line(deadline):
                lines.append(json.loads(line))
        except (Late, Gone) as failed:
            raise type(failed)(lines) from failed
        return lines

    def end(self) -> None:
        """Kill it. It has nothing to lose."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        self._process.wait()

    def _send(self, data: bytes, deadline: float) -> None:
        while data:
            self._wait(self._in, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._in, data) :]
            except BlockingIOError:
                continue
            except OSError as broken:
                raise Gone from broken

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._heard:
            self._wait(self._out, select.POLLIN, deadline)
            try:
                more = os.read(self._out, 65536)
            except BlockingIOError:
                continue
            if not more:
                raise Gone
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    @staticmethod
    def _wait(pipe: int, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(pipe, event)
        if left <= 0 or not poll.poll(left * 1000):
            raise Late


def _pipe(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise Gone
    os.set_blocking(stream.fileno(), False)
    return stream.fileno()


class Children:
    """An engine: workers of this process, as many as decisions ask at once, four at most; the others wait."""

    def __init__(self, *, most: int = MOST_CHILDREN) -> None:
        self._most = most
        self._free: list[Child] = []
        self._all = 0
        self._turn = threading.Condition()
        self._programs: tuple[Program, ...] = ()
        self._closed = False

    def evaluate(self, programs: Sequence[Program], document: str, *, seconds: float) -> list[Raw]:
        """The answers. What is late is `slow`, what ended its worker `crashed`, what was never reached `slow` too."""
        deadline = time.monotonic() + seconds
        child = self._take(deadline)
        request = {"do": "evaluate", "input": document, "seconds": ALARM_SECONDS}
        lines, failure = ([], "slow") if child is None else self._asked(child, programs, request, deadline)
        self._stand_by()
        said = {(line[0], line[1]): line for line in lines}
        found: list[Raw] = []
        for digest, rule in ((each.digest, rule) for each in programs for rule, _ in each.rules):
            line = said.get((digest, rule))
            found.append(Raw(digest, rule, None, None, failure) if line is None else Raw(*line))
            # the first that is missing is where it ended: the others were not even asked
            failure = failure if line is not None else "slow"
        return found

    def prepare(self, programs: Sequence[Program], *, seconds: float) -> None:
        """Let one worker at least load the programs, and all that start later before they are asked. No rule runs."""
        deadline = time.monotonic() + seconds
        with self._turn:
            self._programs = tuple(programs)
            idle = list(self._free)
            begins = self._all == 0
            self._all += begins
        if begins:
            self._begin(deadline)
        # one after the other, so that those who decide meanwhile find the rest of them
        for child in idle:
            if self._claimed(child):
                self._load(child, deadline)
        self._stand_by()

    def check(self, program: Program, *, seconds: float) -> list[Any]:
        """What a worker finds in a program: its packages, its rules, what it calls, its tests. Late or Gone: raised."""
        child = Child()
        try:
            deadline = time.monotonic() + seconds
            if not child.ready(deadline):
                raise Late([])
            asked = {"do": "check", "programs": [_written(program)], "seconds": seconds + ALARM_SECONDS}
            return child.ask(_request(asked), deadline)
        finally:
            child.end()

    def close(self) -> None:
        """End every worker, those at work when they are given back."""
        with self._turn:
            self._closed = True
            for child in self._free:
                child.end()
            self._all -= len(self._free)
            self._free.clear()

    def _asked(
        self, child: Child, programs: Sequence[Program], request: dict[str, Any], deadline: float
    ) -> tuple[list[Any], str]:
        """Its lines, and how what it did not answer failed. The worker is given back, or ended."""
        try:
            if not child.ready(deadline):
                raise Late([]) if child.lives else Gone([])
            written = [_written(each, known=each.digest in child.loaded) for each in programs]
            lines = child.ask(_request({**request, "programs": written}), deadline)
        except (Late, Gone) as failed:
            self._give(child, good=False)
            return (failed.args[0] if failed.args else []), "slow" if isinstance(failed, Late) else "crashed"
        broken = {line[0] for line in lines if line[4] == "not_loaded"}
        child.loaded |= {each.digest for each in programs}
        child.loaded -= broken
        besides = child.loaded.difference(each.digest for each in self._programs)
        self._give(child, good=len(besides) < MOST_LOADED)
        return lines, "broken"

    def _take(self, deadline: float) -> Child | None:
        """A worker that lives and has started; one more begins where all are at work, for whoever comes next."""
        with self._turn:
            while True:
                while self._free:
                    child = self._free.pop()
                    if child.lives:
                        return child
                    child.end()
                    self._all -= 1
                self._more(self._most)
                if not self._turn.wait(max(0.0, deadline - time.monotonic())):
                    return None

    def _claimed(self, child: Child) -> bool:
        with self._turn:
            free = child in self._free
            if free:
                self._free.remove(child)
        return free

    def _give(self, child: Child, *, good: bool) -> None:
        with self._turn:
            if good and not self._closed:
                self._free.append(child)
            else:
                child.end()
                self._all -= 1
            self._turn.notify()

    def _stand_by(self) -> None:
        """Keep one more than is asked, so that the decision after a kill finds a worker that has started."""
        with self._turn:
            self._more(min(self._most, SPARE))

    def _more(self, most: int) -> None:
        """Begin one more worker where there are fewer, beside whatever is decided meanwhile."""
        if self._all < most and not self._closed:
            self._all += 1
            threading.Thread(target=self._begin, args=(time.monotonic() + LOAD_SECONDS,), daemon=True).start()

    def _begin(self, deadline: float) -> None:
        try:
            child = Child()
        except OSError:
            with self._turn:
                self._all -= 1
            return
        self._load(child, deadline)

    def _load(self, child: Child, deadline: float) -> None:
        """Let a worker load what is asked of it later, and give it to whoever waits for one."""
        unasked = [
            Program(each.digest, each.name, each.modules, ())
            for each in self._programs
            if each.digest not in child.loaded
        ]
        self._asked(child, unasked, {"do": "evaluate", "input": "{}", "seconds": LOAD_SECONDS}, deadline)


def _written(program: Program, *, known: bool = False) -> dict[str, Any]:
    return {"digest": program.digest, "modules": None if known else program.modules, "rules": program.rules}


def _request(asked: dict[str, Any]) -> bytes:
    return json.dumps(asked).encode() + b"\n"
