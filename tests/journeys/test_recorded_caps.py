"""Every recorded payment and refund of real agents under caps: what caps stop, and that they stop nothing else.

Each session is replayed as a world of its own, as it was recorded: with an agent, a customer and things of its own. Its
writes are reduced to what caps see: how much, for whom, about what. So no other trigger has a say.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from governance import catalogue
from governance.models import Action, Decision, Refusal
from tests.cast import BY
from tests.journeys.test_real_runs import demo, replay, runs
from tests.support.live import Servers
from tests.support.proof import PROVE, tell

__all__ = ["demo", "runs"]

# Each at most $500, $500 for a session and for a customer, three about one order or payee.
MOST, TIMES = Decimal(500), 3
MOVE: dict[str, Any] = {
    "key": "caps.move",
    "class": "act",
    "risk": "medium",
    "risk_reason": "caps alone are looked at",
    "parameters": {"amount": {"type": "money"}, "thing": {"type": "id"}},
    "amount": {"parameter": "amount"},
    "entities": ["thing"],
    "thresholds": {"amount": "500.00"},
    "caps": [
        {"key": "run", "money": "500.00", "window": "24h"},
        {"key": "agent", "money": "500.00", "window": "24h"},
        {"key": "entity", "money": "500.00", "count": 3, "window": "24h"},
    ],
    "evidence": ["contract", "velocity"],
}
# Sessions with a write that crosses a cap, and sessions without.
CROSSING, UNTOUCHED = 78, 156


@dataclass(frozen=True)
class Write:
    """One recorded write that moves money: what for, and how much."""

    key: str
    thing: str
    amount: Decimal


def sessions(runs: Path) -> dict[str, list[dict[str, Any]]]:
    """The recorded writes that move money, by session, in recorded order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in gzip.decompress((runs / "actions.jsonl.gz").read_bytes()).splitlines():
        call = json.loads(line)
        if call["is_write"] and call.get("amount") is not None:
            found[call["session_id"]].append(call)
    return found


def worth_a_look(calls: list[dict[str, Any]], place: int) -> bool:
    """All of them when proven; else whatever could reach a cap, and some that could not."""
    total = sum(Decimal(str(call["amount"])) for call in calls)
    return PROVE or (len(calls) > 1 and (total > MOST or len(calls) > TIMES)) or place % 20 == 0


def written(runs: Path, folder: Path) -> dict[str, list[Write]]:
    """A folder of the same writes as caps see them; what each session would write."""
    made: dict[str, list[Write]] = {}
    lines: list[str] = []
    for place, calls in enumerate(sessions(runs).values()):
        if not worth_a_look(calls, place):
            continue
        session = made[f"s{place}"] = []
        for call in calls:
            about = (
                call["entity"].get("order_id") or call["entity"].get("recipient") or call["entity"]["transaction_id"]
            )
            write = Write(f"s{place}:{call['seq']}", f"{about}.{place}", Decimal(str(call["amount"])))
            session.append(write)
            arguments = {"amount": float(write.amount), "thing": write.thing}
            row = {"agent": f"agent {place}", "session_id": f"s{place}", "seq": call["seq"], "domain": "caps"}
            row |= {"tool": "move", "arguments": arguments, "is_write": True}
            lines.append(json.dumps({**row, "agent_text": None, "observation": None, "model": None}))
    (folder / "actions.jsonl").write_text("\n".join(lines))
    tool = {"risk_tier": "high", "money": "payment = amount argument", "reversible": False, "velocity_entities": []}
    (folder / "tools.json").write_text(json.dumps({"caps": {"move": tool}}))
    return made


def expected(writes: list[Write]) -> Iterator[bool]:
    """Whether each write of a session fits under the caps, after those that did: counted here, not by Placet."""
    total, times, of_thing = Decimal(0), Counter[str](), Counter[str]()
    for write in writes:
        fits = (
            write.amount <= MOST
            and total + write.amount <= MOST
            and of_thing[write.thing] + write.amount <= MOST
            and times[write.thing] < TIMES
        )
        if fits:
            total += write.amount
            times[write.thing] += 1
            of_thing[write.thing] += write.amount  # type: ignore[assignment]
        yield fits


@pytest.mark.full
@pytest.mark.usefixtures("demo")
def test_every_split_session_stops_at_its_first_crossing_write_and_no_other_is_touched(
    runs: Path, servers: Servers, tmp_path: Path
) -> None:
    catalogue.save_action_type(MOVE, domain=None, by=BY)
    folder = written(runs, tmp_path)
    answer = replay(tmp_path, servers.start("api"))
    assert (answer["server_errors"], answer["unanswered"], answer["answered"]) == (0, 0, answer["writes"])
    executed = set(Action.objects.filter(state="succeeded").values_list("idempotency_key", flat=True))
    cased = dict(Decision.objects.filter(outcome="escalate").values_list("action__idempotency_key", "reasons"))
    refused = set(Refusal.objects.values_list("idempotency_key", flat=True))
    crossed = 0
    for writes in folder.values():
        fits = [(write.key, fit) for write, fit in zip(writes, expected(writes), strict=True)]
        before = list(itertools.takewhile(lambda each: each[1], fits))
        assert {key for key, _ in before} <= executed, "nothing under the caps is touched"
        if before == fits:
            continue
        crossed += 1
        first = fits[len(before)][0]
        assert {reason["code"] for reason in cased[first]} & {"cap_exceeded", "amount_over_threshold"}
        assert all(key in refused | set(cased) for key, fit in fits if not fit), "what crosses never executes"
    assert crossed == (CROSSING if PROVE else crossed) >= 10
    assert len(folder) - crossed >= (UNTOUCHED if PROVE else 5)
    assert answer["outcomes"]["execute"] == len(executed)
    tell(
        size=f"{len(folder):,} recorded sessions, {answer['writes']:,} writes",
        figure=f"{crossed} stopped at the first crossing write, {len(folder) - crossed:,} untouched",
    )
