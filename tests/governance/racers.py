"""Processes that write the registry at once, each with connections of its own."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

from tests.support import forks

MOVES = ("enterprise", "domain", "project", "agent", "sub-agent", "newcomer")


def _work(seed: int, edits: int, results: Any) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    counts: Counter[str] = Counter()
    dice = random.Random(seed)
    for number in range(edits):
        counts[_move(dice, f"{seed} {number}")] += 1
    results.put(dict(counts))


def _move(dice: random.Random, name: str) -> str:
    """One edit at random: what it was, or the code of the problem."""
    from governance import narrow, register
    from governance.models import Agent, Scope
    from governance.policy.tiers import Tier
    from governance.problems import Problem

    by, tier = "system:race", Tier(dice.randint(1, 4))
    chosen = dice.choice(MOVES)
    keys = {"enterprise": "acme", "domain": "service", "project": "refunds"}
    refunder = Agent.objects.get(name="Refunder")
    try:
        if chosen in keys:
            narrow.set_ceiling(Scope.objects.get(key=keys[chosen]), ceiling=tier, by=by)
        elif chosen == "newcomer":
            register.register_agent(
                name=f"Racer {name}",
                owner=refunder.owner,
                project=refunder.project,
                parent=refunder,
                max_tier=tier,
                by=by,
            )
        else:
            agent = refunder if chosen == "agent" else Agent.objects.get(name="Drafter")
            register.change_agent(agent, max_tier=tier, by=by)
    except Problem as problem:
        return problem.code.value
    return chosen


def race(*, processes: int, edits: int) -> Counter[str]:
    """Let each make some edits; how often what happened."""
    results = forks.CONTEXT.Queue()
    crew = [forks.start(_work, number, edits, results) for number in range(processes)]
    total: Counter[str] = Counter()
    for _ in crew:
        total.update(results.get(timeout=600))
    for process in crew:
        process.join(30)
    return total
