"""What people do in a run: they approve, reject and think again, gain and lose mandates; and what agents do with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from hypothesis import event
from hypothesis import strategies as st

from governance import mandates, standing
from governance.authenticate import Caller
from governance.locks import database_now
from governance.models import Grant, Permission
from governance.policy.tiers import Level
from governance.problems import Problem
from governance.proof import Proof
from governance.records.protocol import Key, Outage, Rows, Session, Unavailable
from reviews import judge, material, redeem, sweep, take, withdraw
from reviews.models import Draw, Escalation
from reviews.sample import draw_due
from reviews.spot_review import judge_draw
from tests.machine import judging, oracle, reviewing, running, town, warp
from tests.machine.happening import happens, places

reviewers = st.sampled_from(["ada", "barbara", "grace", "grace"])


class Records:
    """The system of record of the town, in this process: it answers or it does not."""

    name = town.RECORDS

    def __init__(self) -> None:
        self.answers = True
        self.changed: dict[str, str] = {}

    @contextmanager
    def reading(self, seconds: float = 0) -> Iterator[Session]:
        yield self

    def fetch(
        self, table: str, *, columns: Collection[str], keys: Mapping[str, Sequence[Key]], most: int
    ) -> Rows | Unavailable:
        if not self.answers:
            return Unavailable(Outage.NOT_CONFIGURED, self.name)
        (order,) = keys["record_id"]
        row = {"record_id": str(order), "state": self.changed.get(str(order), "fine")}
        return Rows((row,), warp.BEGINNING)


class People:
    """The events of people, for the machine that has all else."""

    town: town.Town
    world: oracle.World
    bench: judging.Bench
    sample: reviewing.Sample
    records: Records
    executing: list[running.Running]
    # what these events set off, as the machine has it
    _passes: Callable[[int], None]
    _caller: Callable[[str], Caller]
    _readings: Callable[[str, list[bool]], None]
    ceiling: Callable[[str, str], None]
    halt: Callable[[tuple[str, str]], None]
    lift: Callable[[int, int], None]
    reports: Callable[[int, str], None]

    # verdicts

    @happens(
        8,
        which=places,
        reviewer=reviewers,
        verdict=st.sampled_from([*["approve"] * 5, "reject"]),
        after=st.sampled_from([0, 0, 0, 5, 61, 900, 3600]),
        again=st.sampled_from([None, None, None, None, 1, 4, 5]),
        done=st.sampled_from([*[""] * 5, "at once", *["changed"] * 2, *["mandate"] * 2]),
    )
    def a_person_decides(
        self, which: int, reviewer: str, verdict: str, after: int, again: int | None, done: str
    ) -> None:
        """`again`: they think again so many seconds later.

        `done`: what is approved is done as soon as it may be; of several approvals the first lost its ground meanwhile.
        """
        self._passes(after)
        case = self._some(self.bench.open(), which)
        if case is None or not self._takes(case, reviewer):
            return
        person = self.town.reviewers[reviewer]
        if verdict == "reject":
            number = judge.reject(case.row, reviewer=person, reason="not_needed").pk
            self.bench.rejects(case)
        else:
            number = self._is_approved(case, reviewer)
        if number and again is not None:
            self._thinks_again(case, person, number, again)
        elif number and done:
            self._is_done(case, reviewer, done)

    def _is_done(self, case: judging.Case, reviewer: str, meanwhile: str) -> None:
        """Whoever else is needed approves as well; then it is done as soon as it may be."""
        self._passes(judging.HOLD)
        if case.state == "open" and meanwhile == "changed":
            self._changes(case)
            self._passes(judging.FRESH)
        if case.state == "open" and meanwhile == "mandate":
            self.mandate(reviewer, 100, "low", 1)
            self._passes(1)
        for other in town.REVIEWERS:
            if case.state == "open" and self._takes(case, other) and self._is_approved(case, other):
                self._passes(judging.HOLD)
        if case.state == "approved" and case.approval is not None:
            self._uses(case)
            if case.approval.used:
                self.reports(len(self.executing) - 1, "succeeded")

    def _is_approved(self, case: judging.Case, reviewer: str) -> int:
        """By whom they say it is; else nothing, and they let go of it."""
        person = self.town.reviewers[reviewer]
        expected, said, number = self.bench.hinders(case, reviewer), *self._approves(case, person)
        event(f"approval: {said}")
        assert said in expected or not (said or expected), f"{case}: {said} where the model says {expected}"
        if said:
            take.release(case.row, reviewer=person)
            case.taken = ""
            return 0
        grant = Grant.objects.filter(verdict_id=number).first()
        assert self.bench.approves(case, reviewer) is (grant is not None), f"{case}: {grant}"
        event(
            f"approval {len(case.voices)} with {len(self.bench.lacks(case, [each.by for each in case.voices]))} to come"
        )
        if grant is not None:
            self.bench.grants(case, grant.pk)
        return number

    def _takes(self, case: judging.Case, reviewer: str) -> bool:
        expected = self.bench.takes(case, reviewer)
        said = _problem(lambda: take.take(case.row, reviewer=self.town.reviewers[reviewer]))
        assert {said} == (expected or {""}), f"{case}: {said} where the model says {expected}"
        return not said

    def _approves(self, case: judging.Case, person: User) -> tuple[str, int]:
        shown = material.read(case.row)
        try:
            given = judge.approve(
                case.row,
                reviewer=person,
                proof=Proof(person.pk, database_now(), second=False),
                action_digest=shown.action_digest,
                snapshot_digest=shown.snapshot_digest,
                consent=shown.digest,
            )
        except Problem as problem:
            return problem.code.value, 0
        return "", given.pk

    def _thinks_again(self, case: judging.Case, person: User, verdict: int, after: int) -> None:
        self._passes(after)
        is_over = case.state in ("expired", "withdrawn")
        said = _problem(lambda: judge.withdraw(verdict, reviewer=person))
        assert said == ("case_closed" if is_over else "hold_over" if after >= judging.HOLD else "")
        if not said:
            self.bench.takes_back(case)

    # what becomes of approvals

    @happens(
        8,
        which=places,
        after=st.sampled_from([0, 5, 5, 5, 5, 60, 600, 903, 3603]),
        changed=st.sampled_from([*[False] * 6, True]),
        before=st.sampled_from([""] * 8 + ["halt", "halt and lift", "tool", "ceiling", "mandate"]),
        twice=st.booleans(),
    )
    def uses_an_approval(self, which: int, after: int, changed: bool, before: str, twice: bool) -> None:
        """`before`: what happened just then: its agent was halted, its tool failed, what may be done at all fell."""
        self._passes(after)
        given = [each for each in self.world.cases if each.approval is not None]
        # as it mostly is: what can still be begun, and the newest
        case = self._some([each for each in given if which % 8 == 0 or self._can_begin(each)] or given, which // 8)
        if case is None or case.approval is None:
            return
        if changed and not case.approval.used:
            self._changes(case)
        self._goes_wrong(case, case.approval.by[which % len(case.approval.by)], before)
        for _ in range(1 + twice):
            self._uses(case)

    def _goes_wrong(self, case: judging.Case, approver: str, how: str) -> None:
        target = ("agent", case.ask.agent)
        if how.startswith("halt"):
            self.halt(target)
        if how == "halt and lift":
            self._passes(1)
            self.lift(sorted(self.world.halts).index(target), 0)
        if how == "tool":
            self._readings(town.KINDS[case.ask.kind].tool, [False] * 12)
        if how == "ceiling":
            self.ceiling(self.world.agents[case.ask.agent].project, "OBSERVE")
        if how == "mandate":
            self.mandate(approver, None, "low", 1)
        if how:
            self._passes(1)

    def _uses(self, case: judging.Case) -> None:
        expected, voids = self.bench.redemption(case)
        said, fresh = self._begins(case)
        event(f"redemption for people: {said}")
        assert said in expected or not (said or expected), f"{case}: {said} where the model says {expected}"
        assert (fresh is not None) is voids, f"{case}: {said}, {fresh}"
        if not said or said == "source_unavailable" or fresh is not None:
            self.bench.heard()
        if fresh is not None:
            self.bench.loses(case, fresh)
        elif not said and case.approval is not None:
            case.approval.used = True
            self.executing.append(running.begun(case.action, case.ask, self.world, case))

    def _begins(self, case: judging.Case) -> tuple[str, UUID | None]:
        assert case.approval is not None
        grant = Grant.objects.get(pk=case.approval.grant)
        try:
            redeem.redeem(grant.pk, caller=self._caller(case.ask.agent), digest=bytes(grant.digest).hex())
        except Problem as problem:
            row = problem.extra.get("escalation")
            return problem.code.value, None if row is None else UUID(row)
        return "", None

    def _changes(self, case: judging.Case) -> None:
        now = "fine" if self.bench.record(case) == "other" else "other"
        order = Escalation.objects.values_list("action__parameters__order", flat=True).get(pk=case.row)
        self.bench.changed[case.action] = self.records.changed[order] = now

    @happens(1, which=places)
    def withdraws(self, which: int) -> None:
        """The agent takes its request back."""
        waits = [each for each in self.world.cases if each.state == "open" or self._can_begin(each)]
        case = self._some(waits, which)
        if case is not None:
            withdraw.withdraw(case.action, caller=self._caller(case.ask.agent))
            self.bench.withdraws(case)

    @staticmethod
    def _can_begin(case: judging.Case) -> bool:
        given = case.approval
        return case.state == "approved" and given is not None and not (given.used or given.void or given.over)

    # reviews

    @happens(
        5,
        which=places,
        reviewer=reviewers,
        times=st.integers(1, 4),
        sound=st.sampled_from([False, False, False, True]),
    )
    def is_reviewed(self, which: int, reviewer: str, times: int, sound: bool) -> None:
        """What nobody judged yet is found sound or not, some of it at once."""
        draw_due()
        for _ in range(times):
            waits = self.sample.waits()
            if not waits:
                return
            each = waits[-1 - which % len(waits)]
            if self._judges(each.action, self.town.reviewers[reviewer], sound=sound):
                self.sample.finds(each, sound=sound)
            event(f"errors of {each.kind} shown: {self.sample.shows_too_many(each.agent, each.kind)}")

    def _judges(self, action: UUID, person: User, *, sound: bool) -> bool:
        """Whether they could: anybody with a mandate."""
        draw = Draw.objects.get(action=action)
        said = _problem(
            lambda: judge_draw(draw.pk, reviewer=person, sound=sound, reason="" if sound else "wrong_value")
        )
        assert said == ("" if self.bench.mandates[person.username] else "outside_mandate")
        return not said

    @happens(1, which=places)
    def a_level_is_lowered(self, which: int) -> None:
        """For errors, by a person."""
        held = [
            (name, kind) for name, each in self.world.agents.items() for kind, level in each.levels.items() if level
        ]
        if not held:
            return
        name, kind = held[which % len(held)]
        row = Permission.objects.get(agent__name=name, action_type__key=kind)
        standing.lower_level(row, to=Level(row.level - 1), by=self.town.mary)
        self.sample.lowers(name, kind)

    # who may approve, and what is read

    @happens(
        2,
        reviewer=reviewers,
        money=st.sampled_from([None, 300_00, 10_000_00, 10_000_00]),
        risk=st.sampled_from(["low", "high", "high"]),
        rank=st.sampled_from([1, 2, 3, 3]),
    )
    def mandate(self, reviewer: str, money: int | None, risk: str, rank: int) -> None:
        person = self.town.reviewers[reviewer]
        if money is not None:
            town.gives_mandate(person, money, risk, rank)
            self.bench.mandated(reviewer, judging.Mandate(money, risk, rank))
        elif self.bench.mandates[reviewer] is not None:
            mandates.revoke_mandate(person, by=town.BY)
            self.bench.mandated(reviewer, None)

    @happens(3, answers=st.sampled_from([True, True, False]))
    def the_system_of_record(self, answers: bool) -> None:
        self.bench.answers = self.records.answers = answers
        if answers:
            self._readings(town.RECORDS, [True] * 20)

    def _people_wait(self, *, is_long: bool) -> None:
        """What time closes of cases and approvals; where the model closes nothing, Placet is asked now and then."""
        expired, lapsed = self.bench.expire(), self.bench.lapse()
        if expired or (is_long and self.bench.open()):
            assert sweep.expire_due() == expired
        if lapsed or (is_long and any(self._can_begin(case) for case in self.world.cases)):
            assert sweep.lapse_unused() == lapsed

    @staticmethod
    def _some(known: Sequence[judging.Case], which: int) -> judging.Case | None:
        return known[-1 - which % len(known)] if known else None


def _problem(does: Any) -> str:
    try:
        does()
    except Problem as problem:
        return problem.code.value
    return ""


def bench(world: oracle.World) -> judging.Bench:
    """What people have to judge at the beginning: nothing."""
    epoch = int(warp.BEGINNING.timestamp())
    return judging.Bench(world, epoch, {name: judging.Mandate(*each) for name, each in town.REVIEWERS.items()})
