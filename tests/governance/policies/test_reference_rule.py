"""The example bundle against the reference rule written once more in Python, by another way of writing."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from governance.engines.children import Children
from tests.governance.policies.rego import refunds
from tests.support.proof import PROVE, tell

SIGNALS = ("green", "amber", "red", "unknown")
NAMES = ("halt", "observe", "propose", "execute", "commit")


def document(chance: random.Random) -> dict[str, Any]:
    """An input as it comes, mostly in order; now and then a value that cannot be."""
    order = chance.choice((1, 2, 3, 3, 3, 4))
    signals = {
        kind: chance.choices(SIGNALS, (12, 1, 1, 1))[0]
        for kind in ("contract", "tool_health", "velocity", "completeness")
    }
    made: dict[str, Any] = {
        "amount": {"minor": chance.choice((0, 1, 48000, 49999, 50000, 50001, 90000))},
        "evidence": {"score": chance.choice((0, 9199, 9200, 9201, 10000, 10000)), "signals": signals},
        "counts": {"run": chance.choice((0, 0, 1, 1, 2, 3, None))},
        "ceilings": {"project": {"name": NAMES[order], "order": order}},
        "standing": {"cooldown": chance.choice((False, False, False, True, 0, None))},
    }
    if chance.random() < 0.1:
        made["amount"] = None
    if chance.random() < 0.05:
        del made[chance.choice(list(made))]
    return made


def oracle(given: dict[str, Any]) -> tuple[str, str]:
    """(health, small): what each of the two rules must say."""
    amount = (given.get("amount") or {}).get("minor")
    evidence = given.get("evidence") or {}
    colours = [evidence.get("signals", {}).get(kind) for kind in ("contract", "tool_health", "velocity")]
    run = (given.get("counts") or {}).get("run")
    order = ((given.get("ceilings") or {}).get("project") or {}).get("order")
    small = (
        amount is not None
        and amount <= 500_00
        and evidence.get("score", 0) >= 9200
        and run is not None
        and run + 1 < 3
        and colours == ["green"] * 3
        and (order or 0) >= 3
        and (given.get("standing") or {}).get("cooldown") is False
    )
    return ("halt" if "red" in colours else "commit"), ("execute" if small else "propose")


@pytest.mark.full
def test_the_engine_and_the_python_rule_agree(children: Children) -> None:
    chance, program, seen = random.Random(7), refunds(), set()
    children.prepare([program], seconds=10)
    for number in range(10_000 if PROVE else 500):
        given = document(chance)
        found = children.evaluate([program], json.dumps(given), seconds=5)
        answer = tuple(raw.tier for raw in found)
        assert answer == oracle(given), (number, given)
        assert [raw.failure for raw in found] == ["", ""]
        seen.add(answer)
    assert len(seen) >= 3, "both rules were seen to answer both ways"
    tell(size=f"{number + 1:,} inputs", figure="0 differences")


def test_the_oracle_is_not_the_rule_itself() -> None:
    """It must be able to differ: a rule that always executes would be found out."""
    chance = random.Random(3)
    answers = [oracle(document(chance))[1] for _ in range(300)]
    assert {"execute", "propose"} == set(answers)
