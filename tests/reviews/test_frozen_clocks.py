"""Under a halt nobody loses time to decide: a deadline keeps what was left of it, whatever was halted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance import halt
from governance.models import Halt
from reviews import judge, sweep
from reviews.cases import due_at
from tests.cast import BY
from tests.reviews.scene import Scene, overdue

TARGETS = ("enterprise", "domain", "project", "agent", "action_type")
HOUR = timedelta(hours=1)


def halted(scene: Scene, target: str) -> Halt:
    keys = dict(zip(TARGETS, ("acme", "service", "refunds", str(scene.cast.refunder.pk), "shop.refund"), strict=True))
    return halt.halt(target, keys[target], reason="test", by=BY)


@pytest.mark.parametrize("target", TARGETS)
def test_a_deadline_keeps_its_remaining_time_under_every_halt_and_after_it(scene: Scene, target: str) -> None:
    case = scene.case()
    row = halted(scene, target)
    left = case.deadline - row.halted_at
    for later in (timedelta(0), HOUR, 400 * HOUR):
        assert due_at(case, row.halted_at + later) - (row.halted_at + later) == left
    lifted = halt.lift(row, by=BY)
    assert lifted.lifted_at is not None
    for later in (timedelta(0), HOUR, 400 * HOUR):
        # recovering is not halted: people decide again, so the clock runs
        assert due_at(case, lifted.lifted_at + later) == case.deadline + (lifted.lifted_at - row.halted_at)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_expires_and_rejecting_works_under_every_halt(scene: Scene, target: str) -> None:
    case, other = scene.case(), scene.case(order="W2")
    scene.take(other)
    halted(scene, target)
    overdue(case)
    assert sweep.expire_due() == 0
    assert judge.reject(other.pk, reviewer=scene.cast.ada, reason="not_needed").approve is False


def test_a_halt_elsewhere_stops_no_clock(scene: Scene) -> None:
    case = scene.case()
    for target, key in (("agent", str(scene.cast.drafter.pk)), ("action_type", "bench.refund")):
        row = halt.halt(target, key, reason="test", by=BY)
        assert due_at(case, row.halted_at + HOUR) == case.deadline


def test_halts_that_overlap_freeze_the_time_once(scene: Scene) -> None:
    case = scene.case()
    first, second = halted(scene, "project"), halted(scene, "agent")
    halt.lift(first, by=BY)
    last = halt.lift(second, by=BY)
    assert last.lifted_at is not None
    assert due_at(case, last.lifted_at + HOUR) == case.deadline + (last.lifted_at - first.halted_at)


def test_a_case_opened_under_no_halt_that_ended_before_it_keeps_its_deadline(scene: Scene) -> None:
    halt.lift(halted(scene, "project"), by=BY)
    case = scene.case()
    assert due_at(case, case.opened_at + HOUR) == case.deadline
