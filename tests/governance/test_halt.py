from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from governance import halt, mandates, register
from governance.locks import AUTHORITY
from governance.models import Agent, Halt
from governance.problems import Code
from governance.record import Event
from tests.cast import BY, Cast
from tests.governance.asking import entries, epoch, guarded, refused
from tests.support.fixtures import Committed


def test_a_halt_writes_its_row_and_its_entry_and_bumps_the_epoch(cast: Cast) -> None:
    before = epoch()
    row = halt.halt("enterprise", "acme", reason="a  bad\nday", by=cast.mary)
    assert (row.reason, row.halted_by, row.lifted_at) == ("a bad day", "user:mary", None)
    assert epoch() == before + 1
    assert entries(Event.HALTED) == [
        {"halt": row.pk, "target": "enterprise", "key": "acme", "reason": "a bad day", "actor": "user:mary"}
    ]


def test_halting_twice_is_one_halt(cast: Cast) -> None:
    first = halt.halt("action_type", "bench.refund", reason="one", by=cast.mary)
    again = halt.halt("action_type", "bench.refund", reason="two", by=cast.joan)
    assert again == first
    assert len(entries(Event.HALTED)) == 1


def test_a_lifted_halt_can_be_declared_again_and_both_are_kept(cast: Cast) -> None:
    first = halt.halt("project", "refunds", reason="one", by=cast.mary)
    halt.lift(first, by=cast.joan)
    with refused(Code.WRONG_STATE):
        halt.lift(first, by=cast.joan)
    halt.halt("project", "refunds", reason="two", by=cast.mary)
    assert Halt.objects.count() == 2
    assert entries(Event.LIFTED)[0]["widening"] is True


def test_a_lifted_halt_recovers_in_two_stages_and_the_council_may_end_that_early(cast: Cast) -> None:
    row = halt.lift(halt.halt("project", "refunds", reason="one", by=cast.mary), by=cast.joan)
    assert row.lifted_at is not None
    assert row.recovery_seconds == 900
    assert row.recovers_until == row.lifted_at + timedelta(minutes=30)
    for person in (cast.ada, cast.edith, cast.mallory, cast.sudo):
        with refused(Code.FORBIDDEN):
            halt.end_recovery(row, by=person)
    ended = halt.end_recovery(row, by=cast.mary)
    assert row.lifted_at < (ended.recovers_until or row.lifted_at) < row.recovers_until
    assert entries(Event.RECOVERY_ENDED)[0]["widening"] is True
    with refused(Code.WRONG_STATE):
        halt.end_recovery(row, by=cast.mary)


def test_nothing_recovers_from_a_halt_in_force_or_from_one_lifted_without_stages(cast: Cast) -> None:
    row = halt.halt("project", "refunds", reason="one", by=cast.mary)
    with refused(Code.WRONG_STATE):
        halt.end_recovery(row, by=cast.mary)
    lifted = halt.lift(row, recovery=0, by=cast.joan)
    assert lifted.recovers_until == lifted.lifted_at
    with refused(Code.WRONG_STATE):
        halt.end_recovery(row, by=cast.mary)


@pytest.mark.parametrize("recovery", [-1, 86_401])
def test_a_stage_of_recovery_takes_a_day_at_most(cast: Cast, recovery: int) -> None:
    row = halt.halt("project", "refunds", reason="one", by=cast.mary)
    with refused(Code.INVALID):
        halt.lift(row, recovery=recovery, by=cast.joan)
    assert halt.lift(row, recovery=86_400, by=cast.joan).recovery_seconds == 86_400


def test_only_the_council_lifts(cast: Cast) -> None:
    row = halt.halt("agent", str(cast.drafter.pk), reason="one", by=cast.mary)
    for person in (cast.ada, cast.grace, cast.edith, cast.mallory, cast.sudo):
        with refused(Code.FORBIDDEN):
            halt.lift(row, by=person)
    with refused(Code.FORBIDDEN):
        halt.lift(row, by="user:nobody")


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("enterprise", "nobody"),
        ("agent", "00000000-0000-4000-8000-000000000000"),
        ("agent", "x"),
        ("action_type", "x"),
        ("domain", "refunds"),
    ],
)
def test_what_is_not_there_cannot_be_halted(cast: Cast, target: str, key: str) -> None:
    with refused(Code.NOT_FOUND):
        halt.halt(target, key, reason="one", by=cast.mary)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\u202eb", "a\x00b"])
def test_a_halt_needs_a_reason_that_can_be_read(cast: Cast, reason: str) -> None:
    with refused(Code.INVALID):
        halt.halt("enterprise", "acme", reason=reason, by=cast.mary)


def test_there_is_nothing_else_to_halt(cast: Cast) -> None:
    with refused(Code.INVALID):
        halt.halt("person", "ada", reason="one", by=cast.mary)


def test_operators_halt_anything_and_lift_nothing(cast: Cast) -> None:
    from governance.enrol import enrol

    operator = enrol("olga", groups=["operator"], by=cast.mary)
    row = halt.halt("enterprise", "acme", reason="one", by=operator)
    with refused(Code.FORBIDDEN):
        halt.lift(row, by=operator)


def test_a_reviewer_halts_the_types_of_the_mandate_and_their_agents_only(cast: Cast) -> None:
    mandates.set_mandate(cast.ada, rank=1, money_limit=0, action_types=[cast.cancel], by=cast.mary)
    idle = register.register_agent(name="Idle", owner=cast.mary, project=cast.refunds, by=cast.mary)
    halt.halt("action_type", cast.cancel.key, reason="one", by=cast.ada)
    halt.halt("agent", str(cast.refunder.pk), reason="one", by=cast.ada)
    for target, key in (
        ("action_type", "bench.refund"),
        ("agent", str(idle.pk)),
        ("project", "refunds"),
        ("enterprise", "acme"),
    ):
        with refused(Code.FORBIDDEN):
            halt.halt(target, key, reason="one", by=cast.ada)


def test_an_owner_halts_their_own_agents_without_any_group(cast: Cast) -> None:
    register.change_agent(cast.drafter, owner=cast.mallory, by=cast.mary)
    halt.halt("agent", str(cast.drafter.pk), reason="mine", by=cast.mallory)
    with refused(Code.FORBIDDEN):
        halt.halt("agent", str(cast.refunder.pk), reason="not mine", by=cast.mallory)


@pytest.mark.parametrize("who", ["mallory", "sudo"])
def test_a_stranger_halts_nothing(cast: Cast, who: str) -> None:
    for target, key in (("agent", str(cast.refunder.pk)), ("action_type", "bench.refund"), ("enterprise", "acme")):
        with refused(Code.FORBIDDEN):
            halt.halt(target, key, reason="one", by=getattr(cast, who))


def test_a_halt_is_only_ever_lifted_and_never_rewritten_or_deleted(cast: Cast) -> None:
    row = halt.halt("enterprise", "acme", reason="one", by=cast.mary)
    rows = Halt.objects.filter(pk=row.pk)
    with guarded("PL015"):
        rows.update(key="other")
    with guarded("PL015"):
        rows.update(lifted_at=row.halted_at)  # by nobody
    with guarded("PL015"), connection.cursor() as cursor:
        cursor.execute("delete from governance_halt")
    halt.lift(row, by=cast.mary)
    with guarded("PL015"):
        rows.update(lifted_at=None, lifted_by="")
    with guarded("PL015"):
        rows.update(lifted_by="user:joan")
    with guarded("PL015"):
        rows.update(recovers_until=F("recovers_until") + timedelta(hours=1))
    with guarded("PL015"):
        rows.update(recovers_until=F("lifted_at") - timedelta(seconds=1))
    with guarded("PL015"):
        rows.update(recovery_seconds=1, recovers_until=F("lifted_at"))


def test_a_halt_waits_for_decisions_under_way_and_nothing_starts_between(
    committed_cast: Cast, committed: Committed
) -> None:
    """The halt takes the authority lock first: it stands after the decision that holds it, before the next."""
    order: list[str] = []

    def stop() -> None:
        halt.halt("enterprise", "acme", reason="one", by=BY)
        order.append("halted")
        connection.close()

    with committed.connect() as decision:
        decision.execute("begin")
        decision.execute("select pg_advisory_xact_lock_shared(%s)", [AUTHORITY])
        thread = threading.Thread(target=stop)
        thread.start()
        _until_somebody_waits(committed)
        assert Halt.objects.count() == 0
        with committed.connect() as late:
            row = late.execute("select pg_try_advisory_xact_lock_shared(%s)", [AUTHORITY]).fetchone()
        assert row == (False,), "a later decision must wait behind the halt"
        order.append("decided")
        decision.execute("commit")
        thread.join(10)
    assert order == ["decided", "halted"]


def test_a_halt_waits_however_long_it_takes(committed_cast: Cast, committed: Committed) -> None:
    """A lock timeout of the connection must not turn a halt into an error."""
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '50ms'")
    with committed.connect() as decision:
        decision.execute("begin")
        decision.execute("select pg_advisory_xact_lock_shared(%s)", [AUTHORITY])
        timer = threading.Timer(0.4, lambda: decision.execute("commit"))
        timer.start()
        halt.halt("enterprise", "acme", reason="one", by=BY)
        timer.join()


def _until_somebody_waits(committed: Committed) -> None:
    limit = time.monotonic() + 10
    with committed.connect() as watcher:
        while time.monotonic() < limit:
            row = watcher.execute(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            ).fetchone()
            if row and row[0]:
                return
            time.sleep(0.01)
    pytest.fail("nobody waited")


def test_the_halt_command_finds_an_agent_by_name(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("halt", "agent", "refunder", reason="odd refunds")
    row = Halt.objects.get()
    assert (row.key, row.halted_by) == (str(cast.refunder.pk), "system:shell")
    assert "Halted since" in capsys.readouterr().out


def test_the_lift_command_needs_a_person_of_the_council(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("halt", "action_type", "bench.refund", reason="one", by="mary")
    with pytest.raises(CommandError, match="council"):
        call_command("lift", "action_type", "bench.refund", by="ada")
    with pytest.raises(CommandError, match="Nobody is known"):
        call_command("lift", "action_type", "bench.refund", by="nobody")
    call_command("lift", "action_type", "bench.refund", by="joan", recovery=60)
    row = Halt.objects.get()
    assert (row.lifted_by, row.recovery_seconds) == ("user:joan", 60)
    assert f"recovering until {row.recovers_until:%Y-%m-%d %H:%M:%S} UTC" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no such halt"):
        call_command("lift", "action_type", "bench.refund", by="joan")


def test_the_halt_command_says_what_it_cannot_find(cast: Cast) -> None:
    with pytest.raises(CommandError, match="nothing of this name"):
        call_command("halt", "agent", "nobody", reason="one")
    assert Agent.objects.count() == 2
