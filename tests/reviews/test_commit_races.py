"""Races on PostgreSQL with real processes. Each guard is also taken out once, and the same race then fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.db.models import Count, QuerySet
from psycopg.types.json import Jsonb

from governance import halt, narrow
from governance.models import Action, Budget, Grant, Instance, Refusal, Reservation, Scope
from governance.policy.tiers import Tier
from reviews.models import Escalation
from tests.cast import BY, Cast, committed_cast
from tests.reviews.racers import race, race_to_the_end, racing
from tests.support.fixtures import Committed
from tests.support.proof import PROVE

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

SECONDS = 12.0 if PROVE else 2.5


def alter(committed: Committed, function: str, *changes: tuple[str, str]) -> None:
    """Change the text of a function of this test's database, as the owner could."""
    with committed.connect(role="owner") as owner:
        row = owner.execute("select pg_get_functiondef(oid) from pg_proc where proname = %s", [function]).fetchone()
        assert row is not None
        text = str(row[0])
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        owner.execute(text)


# Between checking the epoch and writing the entry lies the moment that a halt must not slip into.
WIDER = (
    "insert into governance_ledgerentry",
    "perform pg_sleep(random() * 0.004);\n  insert into governance_ledgerentry",
)
UNLOCKED = ("perform pg_advisory_xact_lock_shared(7);", "")


def late_executes() -> int:
    """Executions whose entry was written while a halt or narrowing had committed and was not yet taken back.

    Entries are stamped under the authority lock, so their order is the order of commits.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with pulls as (
              select at, lead(at, 1, 'infinity') over (order by seq) as until, kind from governance_ledgerentry
              where kind in ('halted', 'lifted', 'ceiling_narrowed', 'ceiling_widened')
            )
            select count(*) from governance_ledgerentry e join pulls p on e.at > p.at and e.at < p.until
            where p.kind in ('halted', 'ceiling_narrowed') and e.kind = 'action_decided'
              and convert_from(e.body, 'UTF8')::jsonb ->> 'outcome' = 'execute'
            """
        )
        return int(cursor.fetchone()[0])


def work_goes_on(some: int = 4, most: float = 30.0, *, seen: QuerySet[Any] | None = None) -> None:
    """Let the machine authorise some more actions, or what else is to be `seen`, however busy this machine is."""
    rows = Grant.objects.all() if seen is None else seen
    enough, stop = rows.count() + some, time.monotonic() + most
    while rows.count() < enough and time.monotonic() < stop:
        time.sleep(0.005)


def pull_and_restore(cast: Cast) -> int:
    """Halt, lift, narrow and widen while others ask; how often authority was pulled."""
    pulled, stop = 0, time.monotonic() + SECONDS
    while pulled < 16 or time.monotonic() < stop:
        halted = halt.halt("action_type", "bench.refund", reason="race", by=BY)
        time.sleep(0.01)
        halt.lift(halted, recovery=0, by=BY)
        work_goes_on()
        narrow.set_ceiling(Scope.objects.get(pk=cast.refunds.pk), ceiling=Tier.PROPOSE, by=BY)
        time.sleep(0.01)
        narrow.set_ceiling(Scope.objects.get(pk=cast.refunds.pk), ceiling=Tier.EXECUTE, by=BY)
        work_goes_on()
        pulled += 2
    return pulled


def halted_under_load(cast: Cast) -> tuple[int, int, int]:
    with racing(
        "refunds", processes=2, threads=4, key=cast.refunder_key, customer="c", amount="1.00", spread=True
    ) as outcomes:
        pulled = pull_and_restore(cast)
    return pulled, outcomes["execute"], late_executes()


def test_i5_nothing_executes_after_a_halt_or_narrowing_has_committed(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", WIDER)
    pulled, executed, late = halted_under_load(committed_cast)
    assert pulled >= 10
    assert executed > 50
    assert late == 0


def test_without_the_authority_lock_the_same_race_is_lost(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_commit", WIDER, UNLOCKED)
    *_, late = halted_under_load(committed_cast)
    assert late > 0


def test_i2_sixty_four_writers_on_one_customer_get_two_refunds_of_480_and_one_case(committed_cast: Cast) -> None:
    key = committed_cast.refunder_key
    terms = {"key": key, "customer": "c-1", "amount": "480.00"}
    outcomes = race("refunds", processes=4, threads=16, until=lambda: Refusal.objects.count() > 100, **terms)
    assert outcomes["execute"] == 2
    assert outcomes["escalate"] == 1
    assert set(outcomes) == {"execute", "escalate", "cap_exhausted"}
    assert outcomes["cap_exhausted"] > 100
    assert Escalation.objects.count() == 1


def test_without_the_check_under_the_row_lock_the_cap_is_passed(committed: Committed, committed_cast: Cast) -> None:
    alter(committed, "placet_reserve", ("(select w.cap is null", "(select true"))
    alter(committed, "placet_commit", WIDER)
    key = committed_cast.refunder_key
    executed = Action.objects.filter(state="executing").values("parameters__customer").annotate(times=Count("pk"))

    def passed() -> bool:
        return executed.filter(times__gt=2).exists()

    # who comes late is told by the first reading already: ever new customers give the race another chance
    terms = {"key": key, "customer": "c", "amount": "480.00", "each": 3}
    race("refunds", processes=4, threads=16, until=passed, **terms)
    assert passed()


def test_who_waits_for_one_budget_longer_than_a_slot_of_another_decides_again(committed: Committed) -> None:
    """The slot of the new row was chosen before waiting; the amount would leave the window too early."""
    rows = [{"action": str(uuid4()), "key": key, "width": 50, "amount": 1, "cap": 9} for key in ("a", "b")]
    with committed.connect() as owner, committed.connect() as waiting, ThreadPoolExecutor() as pool:
        owner.execute("insert into governance_budget values ('a', 50, 1000, array_fill(0::bigint, array[61]))")
        with owner.transaction():
            owner.execute("select from governance_budget where key = 'a' for update")
            late = pool.submit(waiting.execute, "select placet_reserve(%s)", [Jsonb(rows)])
            time.sleep(0.3)
        with pytest.raises(psycopg.Error) as moved:
            late.result()
        assert moved.value.sqlstate == "PL004"
        assert owner.execute("select count(*) from governance_budget where key = 'b'").fetchone() == (0,)


def test_no_capacity_is_lost_and_every_budget_equals_its_reservations(committed_cast: Cast) -> None:
    key = committed_cast.refunder_key
    terms = {"key": key, "customer": "c-1", "amount": "10.00"}
    outcomes = race("refunds", processes=2, threads=16, until=lambda: Refusal.objects.count() > 20, **terms)
    assert outcomes["execute"] == 100
    held = dict.fromkeys(Budget.objects.values_list("key", flat=True), 0)
    for reservation in Reservation.objects.all():
        for name, amount in zip(reservation.budgets, reservation.amounts, strict=True):
            held[name] += amount
    assert held == {budget.key: sum(budget.slots) for budget in Budget.objects.all()}


def test_i8_twins_in_flight_get_one_action_and_one_answer(committed_cast: Cast) -> None:
    rounds = 100 if PROVE else 15
    outcomes = race_to_the_end("twins", processes=2, threads=8, key=committed_cast.refunder_key, rounds=rounds)
    answers = {outcome for outcome in outcomes if outcome != "finished"}
    assert len(answers) == rounds == Action.objects.count()
    assert sum(count for outcome, count in outcomes.items() if outcome != "finished") == rounds * 16


def test_a_moving_epoch_ends_with_a_person_after_three_moves(committed: Committed, committed_cast: Cast) -> None:
    from tests.reviews.jobs import refunds

    alter(committed, "placet_commit", ("epoch <> p_epoch", "true"))
    one = refunds(key=committed_cast.refunder_key, customer="c-1", amount="1.00")
    assert one(1) == "escalate"
    assert "contended" in [reason["code"] for reason in Action.objects.get().decision.reasons]
    assert Instance.objects.get().authority_epoch >= 1


@pytest.mark.parametrize("table", ["governance_ledgerentry", "governance_decision"])
def test_an_unwritable_ledger_or_decision_is_503_and_nothing_happened(
    committed: Committed, committed_cast: Cast, table: str
) -> None:
    from tests.reviews.jobs import refunds

    with committed.connect(role="owner") as owner:
        owner.execute(f"revoke insert on {table} from placet_app")
    one = refunds(key=committed_cast.refunder_key, customer="c-1", amount="1.00")
    assert one(1) == "unavailable"
    assert not Action.objects.exists()
    assert not Budget.objects.exists()
