"""Four budgets, one inside the other, and everybody at once: nothing passes the tightest, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest

from governance import catalogue, permit
from governance.models import Action, ActionState, Budget, Reservation
from governance.policy.tiers import Level
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.reviews.racers import race_to_the_end
from tests.reviews.test_commit_races import WIDER, alter
from tests.support.fixtures import Committed
from tests.support.proof import PROVE, tell

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

PROCESSES, THREADS, ROUNDS, RUNS = (4, 16, 1000, 10) if PROVE else (2, 8, 15, 4)
TIGHT, WIDE = (20_000, 40_000) if PROVE else (60, 120)
KEYS = ("entity", "agent", "project", "enterprise")


def race(cast: Cast, tightest: str) -> tuple[int, int]:
    """Let every writer ask for the same customer; how many were let through and how many answers there were."""
    caps = [{"key": key, "count": TIGHT if key == tightest else WIDE, "window": "24h"} for key in KEYS]
    document: dict[str, Any] = {**BENCH_REFUND, "key": "nested.refund", "family": "nested", "caps": caps}
    nested = catalogue.save_action_type(document, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, nested, level=Level.L2, by=BY)
    terms = {"key": cast.refunder_key, "customer": "c", "amount": "1.00", "kind": "nested.refund", "rounds": ROUNDS}
    outcomes = race_to_the_end("refunds", processes=PROCESSES, threads=THREADS, **terms)
    assert outcomes.pop("finished") == PROCESSES * THREADS
    assert set(outcomes) <= {"execute", "escalate", "cap_exhausted", "unavailable"}
    return outcomes["execute"], sum(outcomes.values())


@pytest.mark.parametrize("run", range(RUNS))
def test_exactly_what_the_tightest_of_four_budgets_holds_is_let_through(committed_cast: Cast, run: int) -> None:
    executed, answered = race(committed_cast, KEYS[run % len(KEYS)])
    assert answered == PROCESSES * THREADS * ROUNDS > TIGHT
    assert executed == TIGHT == Action.objects.filter(state=ActionState.EXECUTING).count()
    assert {sum(budget.slots) for budget in Budget.objects.all()} == {TIGHT}
    assert Reservation.objects.count() == TIGHT
    tell(
        size=f"{RUNS} runs, {PROCESSES * THREADS} writers x {ROUNDS:,} requests, 4 budgets",
        figure=f"{executed:,} of {answered:,} executed in each run: 0 too many, 0 lost",
    )


def test_without_the_check_under_the_row_lock_the_innermost_is_passed(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_reserve", ("(select w.cap is null", "(select true"))
    alter(committed, "placet_commit", WIDER)
    executed, _ = race(committed_cast, "entity")
    assert executed > TIGHT
    tell(size=f"{PROCESSES * THREADS} writers", figure=f"{executed - TIGHT:,} too many")
