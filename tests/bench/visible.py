"""`python -m tests.bench.visible`: how long after its POST a case stands in a queue page that somebody has open.

The whole stack runs: PostgreSQL that flushes each commit, Valkey, one web process, a worker. The page is polled as the
browser polls it; a case that was seen is withdrawn, so that the next one finds its place on the first page.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from config.services import databases
from config.services.process import Family
from config.services.stack import BASE, Stack
from tests.bench.goals import Goal, judge, say
from tests.bench.queue import environment, run, serve

# As templates/queue/_list.html says it.
POLL_SECONDS = 0.9
# docs/scale.md says the same
MOST_SECONDS = 3
_CASE = re.compile(r'href="/escalations/([0-9a-f-]{36})/"')
_VERSION = re.compile(r"If-None-Match&quot;: &quot;\\&quot;([0-9a-f]+)|\"If-None-Match\": \"\\\"([0-9a-f]+)")


@dataclass
class Page:
    """An open queue page: when it first showed each case, and how its polls were answered."""

    url: str
    cookie: str
    seen: dict[str, float] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Poll until told to stop."""
        with httpx.Client(base_url=self.url, cookies={"placet_session": self.cookie}, timeout=30) as browser:
            version = ""
            while not self.stop.is_set():
                headers = {"HX-Request": "true", "If-None-Match": f'"{version}"'}
                answer = browser.get("/queue/", headers=headers)
                now = time.monotonic()
                self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
                if answer.status_code == 200:
                    match = _VERSION.search(answer.text)
                    version = "" if match is None else match[1] or match[2]
                    for case in _CASE.findall(answer.text):
                        self.seen.setdefault(case, now)
                self.stop.wait(POLL_SECONDS)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.visible")
    parser.add_argument("--posts", type=int, default=200, help="cases that are opened")
    parser.add_argument("--idle", type=float, default=20.0, help="seconds in which nothing happens")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="placet-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may have to run as another account
        family = Family(Path(folder))
        try:
            url, told = _serve(Path(folder), family)
            return _measure(url, told, options.posts, options.idle)
        finally:
            family.stop()


def _serve(folder: Path, family: Family) -> tuple[str, dict[str, str]]:
    """The stack with an agent and a reviewer; its address, the agent's key and the reviewer's session."""
    stack = Stack(folder, family, durable=True)
    access = stack.postgres()
    databases.create_application(access, "placet")
    databases.create_records(access, "placet_records")
    more = {"REDIS_URL": stack.valkey(), "PLACET_STATIC": "finders", "PLACET_SURFACE": "all"}
    env = {**environment(folder, access, "placet"), **more}
    run([sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"], {**env, "PLACET_ROLE": "owner"})
    told: dict[str, str] = json.loads(run([sys.executable, "-m", "tests.bench.visible_scene"], env))
    url = serve(family, "web", env)
    worker = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "-l", "warning"]
    family.spawn("worker", worker, env=env, cwd=BASE)
    return url, told


def _measure(url: str, told: Mapping[str, str], posts: int, idle: float) -> int:
    page = Page(url, told["cookie"])
    watcher = threading.Thread(target=page.watch)
    watcher.start()
    try:
        while not page.answers:  # the first page reads every template, which an open one has behind it
            watcher.join(0.1)
            if not watcher.is_alive():
                raise SystemExit("The queue page does not answer.")
        took = _posts(url, told["key"], page, posts)
        time.sleep(3 * POLL_SECONDS)  # until the page knows that the last one is gone
        before = dict(page.answers)
        time.sleep(idle)
    finally:
        page.stop.set()
        watcher.join()
    polls = {status: count - before.get(status, 0) for status, count in page.answers.items()}
    say(
        f"POST to visible, {posts} cases: p50 {statistics.median(took):.2f} s, p99 {_p99(took):.2f} s,"
        f" most {max(took):.2f} s"
    )
    say(
        f"polls {POLL_SECONDS} s after each answer; {polls.get(304, 0)} of {sum(polls.values())} idle ones answered 304"
    )
    return judge(goals(took, polls))


def goals(took: Sequence[float], polls: Mapping[int, int]) -> list[Goal]:
    """What must be reached: by the seconds until each case was seen, by the answers to idle polls."""
    idle = {status: count for status, count in polls.items() if count}
    return [
        Goal("POST to visible, p99 in seconds", _p99(took), most=MOST_SECONDS),
        Goal("idle polls answered otherwise than 304", sum(idle.values()) - idle.get(304, 0), most=0),
    ]


def _p99(took: Sequence[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * 0.99))]


def _posts(url: str, key: str, page: Page, posts: int) -> list[float]:
    """Open cases at any moment between two polls; the seconds from sending each to the answer that showed it."""
    took = []
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as agent:
        for number in range(posts):
            time.sleep(random.random() * POLL_SECONDS)
            sent = time.monotonic()
            asked = {
                "action_type": "bench.checked_refund",
                "parameters": {"customer": f"{number:012d}", "amount": {"amount": "600.00", "currency": "USD"}},
                "run": f"visible-{number}",
                "subject": f"{number:012d}",
            }
            answer = agent.post("/api/v1/actions/", json=asked, headers={"Idempotency-Key": f"visible-{number}"})
            if answer.status_code != 202:
                raise SystemExit(f"A case was expected: {answer.status_code} {answer.text[:300]}")
            told = answer.json()
            while told["escalation"]["id"] not in page.seen:
                if time.monotonic() > sent + 60:
                    raise SystemExit("The case did not come into sight within a minute.")
                time.sleep(0.005)
            took.append(page.seen[told["escalation"]["id"]] - sent)
            gone = agent.post(
                f"/api/v1/actions/{told['id']}/withdraw/", json={}, headers={"Idempotency-Key": f"gone-{number}"}
            )
            if gone.status_code >= 400:
                raise SystemExit(f"It could not be withdrawn: {gone.status_code} {gone.text[:300]}")
    return took


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
