"""`make bench`: what a decision costs, as ratios to "Django + one INSERT" in one run on one server and database."""

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
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import psycopg

from config.services import databases
from config.services.process import Child, Family, free_port
from config.services.stack import BASE, Stack, secrets_of
from config.services.web import granian
from tests.bench.goals import Goal, judge, say
from tests.bench.load import Burst, Target, generator, pace, saturate
from tests.bench.pairs import Measured, Pair, compare, lockless
from tests.bench.reference import PATH

CONNECTIONS = (1, 8, 64)
THREADS = 8
AMOUNT = '{"amount":"12.50","currency":"USD"}'
BODY = '{"action_type":"%s","parameters":{"customer":"@CUSTOMER@","amount":' + AMOUNT + '},"run":"@SEQ@"}'
POLICED = "policed"
# docs/scale.md says the same
LEAST_OF_A_DECISION, MOST_P50 = 0.60, 1.60
ONE_CUSTOMER = BODY.replace("@CUSTOMER@", "000000000001")


@dataclass
class Results:
    """Bursts by (target, connections), one for each repetition; latencies of the paced run by target."""

    bursts: dict[tuple[str, int], list[Burst]] = field(default_factory=dict)
    paced: dict[str, Burst] = field(default_factory=dict)
    pairs: list[Measured] = field(default_factory=list)

    def ratio(self, name: str, base: str, connections: int) -> float:
        """Throughput as a share of the base's, the median over repetitions: within one only, for machines breathe."""
        pairs = zip(self.bursts[(name, connections)], self.bursts[(base, connections)], strict=True)
        return statistics.median(one.per_second / other.per_second for one, other in pairs)

    @property
    def policy(self) -> tuple[float, float]:
        """What a policy costs a decision in milliseconds: of the p50 at low load, and of the time of the whole
        server where it is busy (its seconds by its answers)."""
        low = self.paced[POLICED].p50 - self.paced["decision"].p50
        (pair,) = (each for each in self.pairs if each.pair.with_it.name == POLICED)
        both = zip(pair.with_it, pair.without, strict=True)
        return low, statistics.median(1000 / one.per_second - 1000 / other.per_second for one, other in both)

    def bad(self) -> int:
        """Answers of a wrong status, over everything."""
        bursts = (*(each for bursts in self.bursts.values() for each in bursts), *self.paced.values())
        return sum(each.bad for each in bursts) + sum(each.bad for each in self.pairs)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one load")
    parser.add_argument("--repetitions", type=int, default=3, help="loads of each target and number of connections")
    parser.add_argument("--paced", type=int, default=300, help="requests of each target at low load")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="placet-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may have to run as another account
        family = Family(Path(folder))
        try:
            targets, pairs = _prepare(Path(folder), family)
            policed = next(pair.with_it for pair in pairs if pair.with_it.name == POLICED)
            results = _measure(targets, options.seconds, options.repetitions)
            say(f"Low load: {options.paced} requests each, one connection, 60 a second.")
            results.paced = pace([*targets, policed], rate=60, requests=options.paced)
            say("What single things cost.")
            results.pairs = compare(pairs, seconds=options.seconds, repetitions=options.repetitions)
        finally:
            family.stop()
    _print(targets, results)
    if options.json:
        options.json.write_text(json.dumps(_document(targets, results), indent=1), encoding="utf-8")
    return judge(_goals(targets, results))


def _prepare(folder: Path, family: Family) -> tuple[list[Target], list[Pair]]:
    """PostgreSQL that flushes each commit, a database, one server process; the targets (the base first) and pairs."""
    say("Starting PostgreSQL (fsync on) and one server process.")
    stack = Stack(folder, family, durable=True)
    access = stack.postgres()
    databases.create_application(access, "placet")
    databases.create_records(access, "placet_records")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PLACET_", "DATABASE_"))},
        "PLACET_MODE": "local",
        "PLACET_OPEN_CASES_PER_LINE": "1000000",
        "PLACET_OPEN_CASES_PER_ENTITY": "1000000",
        "PLACET_SECRET_KEY": secrets_of(folder)["secret_key"],
        "PLACET_SIGNING_KEY": secrets_of(folder)["signing_key"],
        "DATABASE_URL": access.url("app", "placet"),
        "DATABASE_OWNER_URL": access.url("owner", "placet"),
        "PLACET_CONNECTOR_RECORDS_URL": access.url("reader", "placet_records"),
        "PLACET_RECORDS_OWNER_URL": access.url("owner", "placet_records"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PLACET_POOL_MAX": str(THREADS),
        "PLACET_POOL_MIN": str(THREADS),
    }
    _run([sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0"], {**env, "PLACET_ROLE": "owner"})
    with psycopg.connect(access.url("owner", "placet"), autocommit=True) as connection:
        connection.execute(
            "create table bench_plain (id bigint generated always as identity primary key, agent text, amount numeric,"
            " payload jsonb)"
        )
        connection.execute("grant select, insert on bench_plain to placet_app")
    key = _run([sys.executable, "-m", "tests.bench.scene"], env)
    targets = _targets(_serve(family, env), key)
    return targets, _pairs(targets[1], access.url("owner", "placet"))


def _serve(family: Family, env: Mapping[str, str]) -> str:
    port = free_port()
    command = [*granian(port, THREADS)[:-1], "tests.bench.wsgi:application"]
    child = family.spawn("web", command, env=env, cwd=BASE)
    url = f"http://127.0.0.1:{port}"
    _await(url, child)
    return url


def _await(url: str, child: Child) -> None:
    limit = time.monotonic() + 60
    while child.popen.poll() is None and time.monotonic() < limit:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"The server did not start:\n{child.tail()}")


def _targets(url: str, key: str) -> list[Target]:
    bearer = {"Authorization": f"Bearer {key}"}
    actions = f"{url}/api/v1/actions/"
    return [
        Target("Django + one INSERT", f"{url}{PATH}", {}, BODY % "bench.refund"),
        Target("decision", actions, bearer, BODY % "bench.refund"),
        Target("decision, facts: first", actions, bearer, BODY % "bench.checked_refund"),
    ]


def _pairs(decision: Target, owner: str) -> list[Pair]:
    one = replace(decision, name="one entity", body=ONE_CUSTOMER % "bench.refund")
    tight = replace(decision, name="refusal", body=ONE_CUSTOMER % "bench.tight_refund", refused=True)
    shared = replace(decision, name="shared caps", body=BODY % "bench.shared_refund")
    policed = replace(decision, name=POLICED, body=BODY % "bench.policed_refund")
    return [
        Pair("64 agents on one entity / on many", one, decision, 64, 0.60),
        Pair("refused by an exhausted cap / decided", tight, decision, 8, 1.00),
        Pair("caps of domain and enterprise / without", shared, decision, 8, 0.80),
        Pair("caps of domain and enterprise / without", shared, decision, 64, 0.80),
        Pair("covered by a policy / not covered", policed, decision, 8, 0.60),
        Pair("shared authority lock / without", decision, decision, 64, 0.95, lockless(owner)),
    ]


def _measure(targets: Sequence[Target], seconds: float, repetitions: int) -> Results:
    results = Results()
    say(f"Load comes from {generator()}.")
    for target in targets:
        saturate(target, connections=4, seconds=1)
    for repetition in range(repetitions):
        say(f"Saturation, repetition {repetition + 1} of {repetitions}.")
        for connections in CONNECTIONS:
            # each repetition begins with another target, so that none is always the one behind a pause
            for place in range(len(targets)):
                target = targets[(place + repetition) % len(targets)]
                burst = saturate(target, connections=connections, seconds=seconds)
                results.bursts.setdefault((target.name, connections), []).append(burst)
    return results


def _print(targets: Sequence[Target], results: Results) -> None:
    base = targets[0].name
    say("")
    say(f"{'':24}" + "".join(f"{f'{number} conn.':>18}" for number in CONNECTIONS) + f"{'low load p50':>20}")
    for target in targets:
        cells = []
        for connections in CONNECTIONS:
            rate = statistics.median(each.per_second for each in results.bursts[(target.name, connections)])
            cells.append(f"{rate:8.0f}/s {results.ratio(target.name, base, connections):5.2f}x")
        latency, reference = results.paced[target.name].p50, results.paced[base].p50
        cells.append(f"{latency:8.2f} ms {latency / reference:5.2f}x")
        say(f"{target.name:24}" + "".join(f"{cell:>18}" for cell in cells[:-1]) + f"{cells[-1]:>20}")
    say(
        f"\nRatios are within one run; goal: decision >= {LEAST_OF_A_DECISION:.2f}x at 8 connections,"
        f" low-load p50 <= {MOST_P50:.2f}x."
    )
    for each in results.pairs:
        pair = each.pair
        say(f"{f'{pair.name}, {pair.connections} conn.':62}{each.ratio:5.2f}x (goal {pair.goal:.2f}x)")
    low, busy = results.policy
    say(f"A policy of two rules costs a decision {low:.2f} ms of p50 at low load, {busy:.2f} ms of a busy server.")
    say("Two benches more, of some minutes each: python -m tests.bench.queue, python -m tests.bench.visible")
    if results.bad():
        say(f"{results.bad()} answers had another status than expected: the figures are worth nothing.")


def _goals(targets: Sequence[Target], results: Results) -> list[Goal]:
    base, decision = (target.name for target in targets[:2])
    paced = results.paced[decision].p50 / results.paced[base].p50
    return [
        Goal("answers of another status than expected", results.bad(), most=0),
        Goal("decision, 8 connections", results.ratio(decision, base, 8), least=LEAST_OF_A_DECISION),
        Goal("decision, p50 at low load", paced, most=MOST_P50),
        *(
            Goal(f"{each.pair.name}, {each.pair.connections} connections", each.ratio, least=each.pair.goal)
            for each in results.pairs
        ),
    ]


def _document(targets: Sequence[Target], results: Results) -> dict[str, object]:
    base = targets[0].name
    costs = {f"{each.pair.name}, {each.pair.connections}": round(each.ratio, 3) for each in results.pairs}
    figures: dict[str, object] = {
        target.name: {
            "throughput": {str(number): round(results.ratio(target.name, base, number), 3) for number in CONNECTIONS},
            "p50": round(results.paced[target.name].p50 / results.paced[base].p50, 3),
            "p50_ms": round(results.paced[target.name].p50, 3),
        }
        for target in targets
    }
    policy = dict(zip(("low_load_ms", "busy_ms"), (round(each, 3) for each in results.policy), strict=True))
    return {**figures, "pairs": costs, "policy": policy}


def _run(command: Sequence[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=BASE, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[1:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
