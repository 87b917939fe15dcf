"""Every recorded payment and refund of real agents under caps: what caps stop, and that they stop nothing else.

Each session is replayed as a world of its own, as it was recorded: with an agent, a customer and things of its own. Its
writes are reduced to what caps see: how much, for whom, about what. So no other trigger has a say.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
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

# Each at most $500, $500 for a session and for a customer, three about one customer, order or payee.
MOST, TIMES = Decimal(500), 3
MOVE: dict[str, Any] = {
    "key": "caps.move",
    "class": "act",
    "risk": "medium",
    "risk_reason": "caps alone are looked at",
    "parameters": {"amount": {"type": "money"}, "customer": {"type": "id"}, "thing": {"type": "id"}},
    "amount": {"parameter": "amount"},
    "entities": ["customer", "thing"],
    "thresholds": {"amount": "500.00"},
    "caps": [
        {"key": "run", "money": "500.00", "window": "24h"},
        {"key": "entity", "money": "500.00", "count": 3, "window": "24h"},
    ],
    "evidence": ["contract", "velocity"],
}
# Sessions with a write that crosses a cap, and sessions without.
CROSSING, UNTOUCHED = 78, 156
# Where a customer is one in all their sessions: those that only what others did for the customer stops, and of them
# those that the money stops.
OF_CUSTOMERS, OF_THEIR_MONEY = 53, 11


@dataclass(frozen=True)
class Write:
    """One recorded write that moves money: in which session, for whom, about what, and how much."""

    key: str
    session: str
    customer: str
    thing: str
    amount: Decimal


class Caps:
    """The caps, counted here and not by Placet."""

    def __init__(self) -> None:
        self.money, self.times = defaultdict[str, Decimal](Decimal), Counter[str]()

    def passed(self, write: Write) -> set[str]:
        """Which of them this write would pass."""
        found = {"each"} if write.amount > MOST else set()
        for name in ("session", "customer", "thing"):
            key = f"{name} {getattr(write, name)}"
            if self.money[key] + write.amount > MOST:
                found.add(name)
            if name != "session" and self.times[key] >= TIMES:
                found.add(f"times of {name}")
        return found

    def take(self, write: Write) -> None:
        """Count a write that was let through."""
        for name in ("session", "customer", "thing"):
            key = f"{name} {getattr(write, name)}"
            self.money[key] += write.amount
            self.times[key] += 1


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


def written(calls: list[dict[str, Any]], place: int, *, shared: bool) -> list[Write]:
    """The writes of a session as caps see them. What it is about is its own; its customer too unless `shared`."""
    found = []
    for call in calls:
        entity = call["entity"]
        about = entity.get("order_id") or entity.get("recipient") or entity["transaction_id"]
        customer = entity.get("customer_id") if shared else None
        found.append(
            Write(
                f"s{place}:{call['seq']}",
                f"s{place}",
                customer or f"c{place}",
                f"{about}.{place}",
                Decimal(str(call["amount"])),
            )
        )
    return found


def recorded(folder: Path, writes: Iterable[Write]) -> None:
    """A folder of runs with these writes, each session an agent of its own."""
    lines = []
    for write in writes:
        place, seq = write.key[1:].split(":")
        arguments = {"amount": float(write.amount), "customer": write.customer, "thing": write.thing}
        row = {"agent": f"agent {place}", "session_id": write.session, "seq": int(seq), "domain": "caps"}
        row |= {"tool": "move", "arguments": arguments, "is_write": True}
        lines.append(json.dumps({**row, "agent_text": None, "observation": None, "model": None}))
    (folder / "actions.jsonl").write_text("\n".join(lines))
    tool = {"risk_tier": "high", "money": "payment = amount argument", "reversible": False, "velocity_entities": []}
    (folder / "tools.json").write_text(json.dumps({"caps": {"move": tool}}))


def answered(folder: Path, url: str, **options: Any) -> None:
    """Replay the folder under the caps: everything is answered."""
    catalogue.save_action_type(MOVE, domain=None, by=BY)
    answer = replay(folder, url, **options)
    assert (answer["server_errors"], answer["unanswered"], answer["answered"]) == (0, 0, answer["writes"])
    assert answer["outcomes"]["execute"] == len(executed())


def executed() -> set[str]:
    """What was let through, by key."""
    return {str(key) for key in Action.objects.filter(state="succeeded").values_list("idempotency_key", flat=True)}


def refused() -> set[str]:
    """What was refused because its cap has a case already."""
    return set(Refusal.objects.values_list("idempotency_key", flat=True))


def stopped(writes: Iterable[Write], through: set[str]) -> dict[str, tuple[Write, set[str]]]:
    """The first write of each session that crosses a cap, and which: it is not let through, and all before it are.

    After it the agent of the session is held as well; that no cap is passed is seen to the end.
    """
    found: dict[str, tuple[Write, set[str]]] = {}
    caps = Caps()
    for write in writes:
        passed = caps.passed(write)
        assert not (passed and write.key in through), f"{write} crosses {passed}"
        if passed:
            found.setdefault(write.session, (write, passed))
        assert passed or write.session in found or write.key in through, f"{write} is under every cap"
        if write.key in through:
            caps.take(write)
    return found


@pytest.mark.full
@pytest.mark.usefixtures("demo")
def test_every_split_session_stops_at_its_first_crossing_write_and_no_other_is_touched(
    runs: Path, servers: Servers, tmp_path: Path
) -> None:
    folder = {
        place: written(calls, place, shared=False)
        for place, calls in enumerate(sessions(runs).values())
        if worth_a_look(calls, place)
    }
    writes = [write for each in folder.values() for write in each]
    recorded(tmp_path, writes)
    answered(tmp_path, servers.start("api"))
    cased = dict(Decision.objects.filter(outcome="escalate").values_list("action__idempotency_key", "reasons"))
    crossed = stopped(writes, executed())
    for first, _ in crossed.values():
        assert {reason["code"] for reason in cased[first.key]} & {"cap_exceeded", "amount_over_threshold"}
    assert {write.key for write in writes} - executed() <= refused() | set(cased)
    assert len(crossed) == (CROSSING if PROVE else len(crossed)) >= 10
    assert len(folder) - len(crossed) >= (UNTOUCHED if PROVE else 5)
    tell(
        size=f"{len(folder):,} recorded sessions, {len(writes):,} writes",
        figure=f"{len(crossed)} stopped at the first crossing write, {len(folder) - len(crossed):,} untouched",
    )


def customers(found: dict[str, list[dict[str, Any]]]) -> set[str]:
    """All when proven; else the first whose sessions are each under the cap on money and pass it together."""
    total, most = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for calls in found.values():
        spent = sum((Decimal(str(call["amount"])) for call in calls), Decimal(0))
        name = calls[0]["entity"].get("customer_id", "")
        total[name] += spent
        most[name] = max(most[name], spent)
    split = [name for name in total if name and most[name] <= MOST < total[name]]
    return {name for name in total if name} if PROVE else set(split[:3])


@pytest.mark.full
@pytest.mark.usefixtures("demo")
def test_a_customer_of_many_sessions_is_stopped_by_what_all_of_them_cost(
    runs: Path, servers: Servers, tmp_path: Path
) -> None:
    """The sessions of one customer, each of another agent: their sum is capped where none of them alone is."""
    found = sessions(runs)
    whose = customers(found)
    writes = {
        write.key: write
        for place, calls in enumerate(found.values())
        if calls[0]["entity"].get("customer_id") in whose
        for write in written(calls, place, shared=True)
    }
    recorded(tmp_path, writes.values())
    # one at a time: agents that share a customer are not replayed in recorded order
    answered(tmp_path, servers.start("api"), agents=1)
    asked = [*Action.objects.values_list("created_at", "idempotency_key")]
    asked += Refusal.objects.values_list("refused_at", "idempotency_key")
    order = [writes[str(key)] for _, key in sorted(asked)]
    assert len(order) == len(writes)
    crossed = stopped(order, executed())
    by_customer = [passed for _, passed in crossed.values() if passed <= {"customer", "times of customer"}]
    by_money = [passed for passed in by_customer if "customer" in passed]
    assert len(by_customer) == (OF_CUSTOMERS if PROVE else len(by_customer)) >= len(by_money)
    assert len(by_money) == (OF_THEIR_MONEY if PROVE else len(by_money)) >= 3
    tell(
        size=f"{len({write.session for write in order}):,} recorded sessions of {len(whose)} customers",
        figure=f"{len(by_customer)} stopped by a cap of the customer alone, {len(by_money)} of them by its money",
    )
