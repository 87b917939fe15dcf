"""Every recorded write of real agents under caps: what caps stop, and that they stop nothing else.

Each session is replayed as a world of its own, as it was recorded: with an agent, a customer and things of its own. Its
writes are reduced to what caps see: how much, for whom, about what. So no other trigger has a say. What moves no money
counts for what it is about; what names nothing that it is about meets no cap.
"""

from __future__ import annotations

import gzip
import hashlib
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

# Each at most $500, $500 for a session and for a customer, three about one customer, order, payee or whatever it names.
MOST, TIMES = Decimal(500), 3
_COUNT = {"key": "entity", "count": 3, "window": "24h"}
_MONEY = {"key": "entity", "money": "500.00", "window": "24h"}
_ID = {"type": "id"}
# What each kind of write says, and under which of the caps that all of them share it stands.
TYPES: dict[str, dict[str, Any]] = {
    "move": {
        "parameters": {"amount": {"type": "money"}, "customer": _ID, "thing": {"type": "list", "of": "id", "max": 16}},
        "amount": {"parameter": "amount"},
        "entities": ["customer", "thing"],
        "thresholds": {"amount": "500.00"},
        "caps": [{"key": "run", "money": "500.00", "window": "24h"}, _MONEY, _COUNT],
    },
    "change": {
        "parameters": {"customer": _ID, "thing": {"type": "list", "of": "id", "max": 16}},
        "entities": ["customer", "thing"],
        "caps": [_COUNT],
    },
    "touch": {
        "parameters": {"thing": {"type": "list", "of": "id", "max": 16}},
        "entities": ["thing"],
        "caps": [_COUNT],
    },
    "other": {"parameters": {"seq": {"type": "integer"}}},
}
# What every kind has in common.
ACTS: dict[str, Any] = {
    "class": "act",
    "risk": "medium",
    "risk_reason": "caps alone are looked at",
    "family": "caps",
    "evidence": ["contract", "velocity"],
}
# Sessions with a write that crosses a cap, and sessions without.
CROSSING, UNTOUCHED = 119, 2224
# Where a customer is one in all their sessions: those that only what others did for the customer stops, and of them
# those that the money stops.
OF_CUSTOMERS, OF_THEIR_MONEY = 70, 11


@dataclass(frozen=True)
class Write:
    """One recorded write: in which session, for whom, about what, and how much. It may have none of the last three."""

    key: str
    session: str
    customer: str
    things: tuple[str, ...]
    amount: Decimal | None

    @property
    def kind(self) -> str:
        """Of which type it is, by what it says."""
        if self.amount is not None:
            return "move"
        return ("change" if self.customer else "touch") if self.things else "other"

    @property
    def arguments(self) -> dict[str, Any]:
        """What is replayed of it."""
        said = {"amount": float(self.amount or 0), "customer": self.customer, "thing": list(self.things)}
        known = {name: said[name] for name in TYPES[self.kind]["parameters"] if name in said}
        return known or {"seq": int(self.key.rpartition(":")[2])}


class Caps:
    """The caps, counted here and not by Placet."""

    def __init__(self) -> None:
        self.money, self.times = defaultdict[str, Decimal](Decimal), Counter[str]()

    def passed(self, write: Write) -> set[str]:
        """Which of them this write would pass."""
        found = {"each"} if write.amount is not None and write.amount > MOST else set()
        for name, key in self._counted(write):
            if write.amount is not None and self.money[key] + write.amount > MOST:
                found.add(name)
            if name != "session" and self.times[key] >= TIMES:
                found.add(f"times of {name}")
        return found

    def take(self, write: Write) -> None:
        """Count a write that was let through."""
        for _, key in self._counted(write):
            self.money[key] += write.amount or 0
            self.times[key] += 1

    @staticmethod
    def _counted(write: Write) -> list[tuple[str, str]]:
        """What a write counts for: its session, and the customer and the things that it names."""
        names = [("session", write.session), *((("customer", write.customer),) if write.customer else ())]
        return [(name, f"{name} {value}") for name, value in names + [("thing", thing) for thing in write.things]]


def sessions(runs: Path) -> dict[str, list[dict[str, Any]]]:
    """The recorded writes, by session, in recorded order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in gzip.decompress((runs / "actions.jsonl.gz").read_bytes()).splitlines():
        call = json.loads(line)
        if call["is_write"]:
            found[call["session_id"]].append(call)
    return found


def worth_a_look(calls: list[dict[str, Any]], place: int) -> bool:
    """All of them when proven; else what could reach a cap on money, some with many writes, and some others."""
    paid = [Decimal(str(call["amount"])) for call in calls if call.get("amount") is not None]
    return (
        PROVE
        or (len(paid) > 1 and (sum(paid) > MOST or len(paid) > TIMES))
        or (len(calls) > TIMES and place % 10 == 0)
        or place % 100 == 0
    )


def named(runs: Path) -> dict[tuple[str, str], list[str]]:
    """Which arguments of a tool name what it is about, by the beginning of its domain."""
    tools = json.loads((runs / "tools.json").read_text())
    return {(group, name): tool["velocity_entities"] for group, each in tools.items() for name, tool in each.items()}


def about(call: dict[str, Any], names: dict[tuple[str, str], list[str]]) -> list[str]:
    """What a write is about: an order, payee or payment as recorded, else what its arguments name, or its customer."""
    entity = call.get("entity") or {}
    for known in ("order_id", "recipient", "transaction_id"):
        if entity.get(known):
            return [str(entity[known])]
    said = [call["arguments"].get(name) for name in names.get((call["domain"].split("-")[0], call["tool"]), [])]
    found = [member for value in said for member in (value if isinstance(value, list) else [value])]
    found = [str(member) for member in found if member not in (None, "")]
    return found or ([str(entity["customer_id"])] if entity.get("customer_id") else [])


def written(
    calls: list[dict[str, Any]], place: int, names: dict[tuple[str, str], list[str]], *, shared: bool
) -> list[Write]:
    """The writes of a session as caps see them. What it is about is its own; its customer too unless `shared`.

    Who moves money without naming a customer does so for the one of the session.
    """
    found = []
    for call in calls:
        amount, named_one = call.get("amount"), (call.get("entity") or {}).get("customer_id")
        customer = _short(str(named_one)) + ("" if shared else f".{place}") if named_one else ""
        found.append(
            Write(
                f"s{place}:{call['seq']}",
                f"s{place}",
                customer or ("" if amount is None else f"c{place}"),
                tuple(f"{_short(thing)}.{place}" for thing in dict.fromkeys(about(call, names))),
                None if amount is None else Decimal(str(amount)),
            )
        )
    return found


def _short(name: str) -> str:
    """A name that every contract takes: agents name things in sentences, too."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def recorded(folder: Path, writes: Iterable[Write]) -> None:
    """A folder of runs with these writes, each session an agent of its own."""
    lines = []
    for write in writes:
        place, seq = write.key[1:].split(":")
        row = {"agent": f"agent {place}", "session_id": write.session, "seq": int(seq), "domain": "caps"}
        row |= {"tool": write.kind, "arguments": write.arguments, "is_write": True}
        lines.append(json.dumps({**row, "agent_text": None, "observation": None, "model": None}))
    (folder / "actions.jsonl").write_text("\n".join(lines))
    tool: dict[str, Any] = {"risk_tier": "high", "money": None, "reversible": False, "velocity_entities": []}
    tools = {name: {**tool, "money": "payment = amount argument" if name == "move" else None} for name in TYPES}
    (folder / "tools.json").write_text(json.dumps({"caps": tools}))


def answered(folder: Path, url: str, **options: Any) -> None:
    """Replay the folder under the caps: everything is answered."""
    for name, own in TYPES.items():
        catalogue.save_action_type({"key": f"caps.{name}", **ACTS, **own}, domain=None, by=BY)
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
    names = named(runs)
    folder = {
        place: written(calls, place, names, shared=False)
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
        spent = sum((Decimal(str(call.get("amount") or 0)) for call in calls), Decimal(0))
        name = customer_of(calls) if any(call.get("amount") is not None for call in calls) else ""
        total[name] += spent
        most[name] = max(most[name], spent)
    split = [name for name in total if name and most[name] <= MOST < total[name]]
    return {name for name in total if name} if PROVE else set(split[:3])


def customer_of(calls: list[dict[str, Any]]) -> str:
    """Whom a session is about, if it says so."""
    named_ones = [(call.get("entity") or {}).get("customer_id") for call in calls]
    return next((str(each) for each in named_ones if each), "")


@pytest.mark.full
@pytest.mark.usefixtures("demo")
def test_a_customer_of_many_sessions_is_stopped_by_what_all_of_them_cost(
    runs: Path, servers: Servers, tmp_path: Path
) -> None:
    """The sessions of one customer, each of another agent: their sum is capped where none of them alone is."""
    found = sessions(runs)
    whose, names = customers(found), named(runs)
    writes = {
        write.key: write
        for place, calls in enumerate(found.values())
        if customer_of(calls) in whose
        for write in written(calls, place, names, shared=True)
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
