"""`python -m tests.bench.queue`: what the queue costs with a million open cases against a hundred, in one run."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.services import databases
from config.services.process import Family, free_port
from config.services.stack import BASE, Stack, secrets_of
from config.services.web import granian
from tests.bench import onward, queue_scene
from tests.bench.goals import Goal, judge, say

# The filters under which both databases show the same rows, and those that the million fills.
SAME = ("", "?type=bench.refund", "?domain=other", "?rank=2", "?risk=medium", "?rank=2&risk=medium", "?overdue=yes")
FULL = ("?type=bench.checked_refund", "?domain=bench", "?rank=1", "?risk=high", "?mine=yes")

_NAMES = ("placet_small", "placet_large")
# What was shown is noted as ever, but nobody here needs time to read it.
NO_TIME_TO_READ = {"PLACET_READING_SECONDS": "0", "PLACET_READING_SECONDS_PER_CHECK": "0"}


# docs/scale.md says the same
MOST_OF_A_PAGE, MOST_OF_ONWARD, MOST_BYTES = 1.20, 12, 6000


@dataclass
class Probe:
    """A process beside one database."""

    child: subprocess.Popen[str]

    def ask(self, **command: Any) -> dict[str, Any]:
        """One command; its answer."""
        if self.child.stdin is None or self.child.stdout is None:
            raise RuntimeError("The probe has no pipes.")
        self.child.stdin.write(json.dumps(command) + "\n")
        self.child.stdin.flush()
        answer: dict[str, Any] = json.loads(self.child.stdout.readline())
        return answer


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.queue")
    parser.add_argument("--cases", type=int, default=1_000_000, help="open cases in the large database")
    parser.add_argument("--times", type=int, default=20, help="requests of each kind")
    parser.add_argument("--rounds", type=int, default=3, help="turns of both databases at each kind")
    options = parser.parse_args(arguments)
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory(prefix="placet-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may have to run as another account
        family = Family(Path(folder))
        probes: list[Probe] = []
        try:
            access = Stack(Path(folder), family, durable=False).postgres()
            _prepare(Path(folder), access, options.cases)
            small, large = probes = [_probe(environment(Path(folder), access, name)) for name in _NAMES]
            goals += _compare(small, large, options.times, options.rounds)
            goals += _onward(Path(folder), family, access, probes)
        finally:
            for probe in probes:
                probe.child.kill()
            family.stop()
    return judge(goals)


def _prepare(folder: Path, access: databases.Access, cases: int) -> None:
    """Two databases that differ in how many cases wait behind the first hundred."""
    databases.create_application(access, "placet_small")
    env = environment(folder, access, "placet_small")
    run([sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"], {**env, "PLACET_ROLE": "owner"})
    databases.create_records(access, "placet_records")
    run([sys.executable, "-m", "tests.bench.queue_scene"], {**env, "PYTHONPATH": str(BASE)})
    queue_scene.arrange(access.url("owner", "placet_small"))
    with databases.connect(access) as connection:
        connection.execute("create database placet_large template placet_small owner placet_owner")
    say(f"Putting {cases} cases behind a hundred.")
    queue_scene.fill(access.url("owner", "placet_large"), cases)
    queue_scene.fill(access.url("owner", "placet_small"), 0)


def environment(folder: Path, access: databases.Access, name: str) -> dict[str, str]:
    """The settings of every process of a bench, whatever stands in those of this one."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PLACET_", "DATABASE_"))},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PLACET_MODE": "local",
        "PLACET_OPEN_CASES_PER_LINE": "1000000",
        "PLACET_OPEN_CASES_PER_ENTITY": "1000000",
        "PLACET_REQUIRE_MFA": "False",  # who signs in here proved who they are just now, with a password
        "PLACET_SECRET_KEY": secrets_of(folder)["secret_key"],
        "PLACET_SIGNING_KEY": secrets_of(folder)["signing_key"],
        "DATABASE_URL": access.url("app", name),
        "DATABASE_OWNER_URL": access.url("owner", name),
        "PLACET_CONNECTOR_RECORDS_URL": access.url("reader", "placet_records"),
        "PLACET_RECORDS_OWNER_URL": access.url("owner", "placet_records"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def _probe(env: Mapping[str, str]) -> Probe:
    command = [sys.executable, "-m", "tests.bench.queue_probe"]
    return Probe(subprocess.Popen(command, cwd=BASE, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True))  # fmt: skip


def _compare(small: Probe, large: Probe, times: int, rounds: int) -> list[Goal]:
    """Say what everything takes in both; a page has a goal."""
    goals = []
    kinds: list[tuple[str, dict[str, Any]]] = [
        *((f"page {path or '(all)'}", {"do": "page", "path": f"/queue/{path}"}) for path in (*SAME, *FULL)),
        *(
            (f"poll {path or '(all)'}, 304", {"do": "poll", "path": f"/queue/{path}"})
            for path in ("", SAME[1], FULL[0])
        ),
        ("next free case", {"do": "free", "name": "ada"}),
        ("next free case of whoever owns the million", {"do": "free", "name": "bob"}),
    ]
    for name, command in kinds:
        ratios, figures, told = [], [], ""
        for _ in range(rounds):
            one, other = (probe.ask(**command, times=times) for probe in (small, large))
            ratios.append(statistics.median(other["ms"]) / statistics.median(one["ms"]))
            figures.append(statistics.median(other["ms"]))
            told = f"rows {one.get('rows')} and {other.get('rows')}" if "rows" in one else str(other.get("status", ""))
        say(f"{name:50}{statistics.median(ratios):6.2f}x {statistics.median(figures):8.2f} ms  {told}")
        if command["do"] == "page":
            goals.append(Goal(f"{name}, many cases against a hundred", statistics.median(ratios), most=MOST_OF_A_PAGE))
    return goals


def _onward(folder: Path, family: Family, access: databases.Access, probes: Sequence[Probe]) -> list[Goal]:
    """Decide over HTTP against a server process of each database, in one run with a plain view of that server."""
    goals = []
    for name, probe in zip(_NAMES, probes, strict=True):
        env = environment(folder, access, name) | {"PLACET_STATIC": "finders", "PLACET_SURFACE": "all"}
        url = serve(family, name, {**env, **NO_TIME_TO_READ})
        told = onward.decide(url, probe.ask(do="session")["session"], times=40)
        took, hello = statistics.median(told.took), statistics.median(told.hello)
        say(f"approve -> next in {name}: {took / hello:.1f}x a plain Django view, {took:.1f} and {hello:.2f} ms")
        say(f"  at most {max(told.bytes)} bytes gzip, {len(told.took)} verdicts, status {told.status}")
        goals += onward_goals(name, told)
    return goals


def onward_goals(name: str, told: onward.Onward) -> list[Goal]:
    """What deciding a case and being shown the next one must reach in one database."""
    plain = statistics.median(told.took) / statistics.median(told.hello)
    return [
        Goal(f"approve -> next in {name}, against a plain view", plain, most=MOST_OF_ONWARD),
        Goal(f"approve -> next in {name}, bytes gzip", max(told.bytes), most=MOST_BYTES),
        Goal(f"approve -> next in {name}, answers other than 200", len(told.status - {200}), most=0),
    ]


def serve(family: Family, name: str, env: Mapping[str, str]) -> str:
    """One web process of eight threads that answers; its address."""
    port = free_port()
    family.spawn(name, granian(port, threads=8), env=env, cwd=BASE)
    url = f"http://127.0.0.1:{port}"
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return url
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The web process does not answer.")


def run(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Run a command to its end; what it printed."""
    done = subprocess.run(command, cwd=BASE, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[1:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
