"""Authority over time: whatever happens in whatever order, Placet answers what the slow model says."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from governance import delegate, entries, halt, narrow, permit, register, standing
from governance.authenticate import Caller, Credential, hash_key
from governance.models import Action, ActionType, Agent, AgentState, Grant, Halt, Permission, ToolReading
from governance.policy.tiers import Level, Tier
from governance.problems import Code, Problem
from reviews import checkpoint, commit, intake, redeem, report, sweep, verify
from reviews.answers import Answer
from tests.governance.policies.rego import children
from tests.machine import crowding, oracle, people, reviewing, running, terms, town, warp
from tests.machine.happening import drawn, happens, kinds, names, places, tiers
from tests.reviews.test_policy_decisions import patient
from tests.support.fixtures import Committed
from tests.support.proof import PROVE, tell

__all__ = ["children", "patient"]

RUNS, STEPS = (2000, 50) if PROVE else (10, 30)
EPOCH = int(warp.BEGINNING.timestamp())

# so that a shop full of tools is not the first thing every run has to build
WORKING = 6

scopes = st.sampled_from(list(town.SCOPES))
halted = st.one_of(
    st.sampled_from([(kind, name) for name, (kind, _, _) in town.SCOPES.items()]),
    names.map(lambda name: ("agent", name)),
    kinds.map(lambda name: ("action_type", name)),
)
# what is heard of a tool at once: it is well, it has a bad moment, it is down, anything
WELL = [True] * 20
heard = st.one_of(
    st.just(WELL),
    st.just(WELL),
    st.sampled_from([WELL, [True] * 5, [*[True] * 9, False], [False] * 3, [False] * 12]),
    st.lists(st.booleans(), min_size=1, max_size=12),
)
# lengths around what windows, cooldowns and deadlines are made of
lengths = st.sampled_from([1, 30, 60, 300, 599, 600, 601, 900, 1440, 3600, 5400, 21600, 86400, 90000])


_K = TypeVar("_K")
_ABOVE = """
  select s.key from governance_scope s join governance_scope p on p.id = s.parent_id where s.ceiling > p.ceiling
  union all
  select a.name from governance_agent a join governance_agent p on p.id = a.parent_id where a.max_tier > p.max_tier
"""


@pytest.fixture
def founded(committed: Committed, patient: None, monkeypatch: pytest.MonkeyPatch) -> town.Town:
    """The town in a database whose clock stands still, with its system of record beside it."""
    warp.stop_the_clock(committed)
    Machine.records = people.Records()
    for quota in ("PLACET_OPEN_CASES_PER_LINE", "PLACET_OPEN_CASES_PER_ENTITY"):
        monkeypatch.setattr(django_settings, quota, crowding.ANY)
    # a run is one transaction, and what is refused by the committing statement must not end it
    monkeypatch.setattr(commit, "_COMMIT", transaction.atomic(commit._COMMIT))
    monkeypatch.setattr(verify, "connector", lambda name: Machine.records)
    return town.build()


class Machine(people.People, terms.Terms, RuleBasedStateMachine):
    """Every step changes Placet through its verbs and the model beside it; every question is asked of both."""

    def __init__(self) -> None:
        super().__init__()
        self.records.answers = True
        self.records.changed.clear()
        self.run_of_everything = transaction.atomic()
        self.run_of_everything.__enter__()
        self.world = town.world()
        self.bench = people.bench(self.world)
        self.queue = crowding.Queue(self.world)
        self.sample = reviewing.Sample(self.world)
        self.rows = dict(self.town.agents)
        self.keys: dict[str, str] = {}
        self.numbers = itertools.count(1)
        self.probes = itertools.cycle(itertools.product(self.rows, town.KINDS))
        self.executing = self.world.under_way
        # what the invariants saw last: nothing is looked at twice
        self.looked_at: list[oracle.Spent] = []
        self.stood: list[str] = []
        self._at(0)
        for name in self.rows:
            self.keys[name] = self._key(name)

    def teardown(self) -> None:
        """Nothing of a run is left to the next, which begins at the same moment: revisions come again."""
        entries._parsed.clear()
        entries._latest.clear()
        transaction.set_rollback(True)
        self.run_of_everything.__exit__(None, None, None)

    def _at(self, now: int) -> None:
        self.world.now = now
        warp.move(warp.BEGINNING + dt.timedelta(seconds=now))

    def _is_over(self, each: running.Running) -> None:
        """What was executed without a person is drawn for a review."""
        if each.case is None:
            self.sample.drawn.append(reviewing.Drawn(each.action, each.ask.agent, each.ask.kind, each.began))

    def _row(self, name: str) -> Agent:
        return Agent.objects.get(pk=self.rows[name].pk)

    @initialize(works=st.sampled_from([*[True] * 7, False]))
    def tools(self, works: bool) -> None:
        if works:
            for tool in ("till", "paper", town.RECORDS):
                self._readings(tool, [True] * WORKING)

    # what people change

    @happens(1, name=scopes, tier=tiers)
    def ceiling(self, name: str, tier: str) -> None:
        done = _is_done(
            lambda: narrow.set_ceiling(self.town.scopes[name], ceiling=Tier[tier], by=town.BY), Code.ABOVE_PARENT
        )
        assert done is self.world.set_ceiling(name, tier)

    @happens(1, name=names, tier=tiers)
    def most(self, name: str, tier: str) -> None:
        done = _is_done(
            lambda: register.change_agent(self._row(name), max_tier=Tier[tier], by=town.BY), Code.ABOVE_PARENT
        )
        assert done is self.world.set_most(name, tier)

    @happens(1, name=names, active=st.sampled_from([*[True] * 6, False]))
    def activity(self, name: str, active: bool) -> None:
        state = AgentState.ACTIVE if active else AgentState.SUSPENDED
        register.change_agent(self._row(name), state=state, by=town.BY)
        self.world.agents[name].active = active

    @happens(2, name=names, kind=kinds, level=st.sampled_from([None, 0, 1, 2, 2, 3]))
    def level(self, name: str, kind: str, level: int | None) -> None:
        row, action_type = self._row(name), self.town.types[kind]
        if level is None:
            for held in Permission.objects.filter(agent=row, action_type=action_type):
                permit.revoke(held, by=town.BY)
            done = True
        else:
            wanted = Level(level)
            done = _is_done(lambda: permit.set_level(row, action_type, level=wanted, by=town.BY), Code.WRONG_STATE)
        assert done is self.sample.levelled(name, kind, level)

    @happens(1, name=names, kind=st.none() | kinds, tier=st.sampled_from(["OBSERVE", "PROPOSE", "EXECUTE"]))
    def pulls(self, name: str, kind: str | None, tier: str) -> None:
        done = _is_done(
            lambda: standing.pull(
                self._row(name), action_type=self._type(kind), tier=Tier[tier], reason="A test.", by=self.town.mary
            ),
            Code.WRONG_STATE,
        )
        assert done is self.world.pull(name, _latch(kind), tier)

    @happens(4, which=places, by=st.sampled_from(["mary", "mary", "mary", "joan", "grace"]), other=st.booleans())
    def restores(self, which: int, by: str, other: bool) -> None:
        """By the council alone; neither for its owner nor of what nobody pulled."""
        pulled = self._one(self.world.pulls, which)
        if pulled is None:
            return
        name, latch = pulled
        kind = None if latch == "agent" else latch.removeprefix("type ")
        if other:
            kind = town.PAY if kind is None else None
        person = User.objects.get(username=by)
        refused = Code.FORBIDDEN if by == "grace" else Code.WRONG_STATE
        done = _is_done(lambda: standing.restore(self._row(name), action_type=self._type(kind), by=person), refused)
        assert done is (by != "grace" and self.world.restore(name, _latch(kind)))

    @happens(1, name=names)
    def gets_another_key(self, name: str) -> None:
        """Which launders nothing."""
        self.keys[name] = self._key(name)

    @happens(1, target_of=halted)
    def halt(self, target_of: tuple[str, str]) -> None:
        target, name = target_of
        halt.halt(target, str(self.rows[name].pk) if target == "agent" else name, reason="A test.", by=town.BY)
        if target_of not in self.world.halts:
            self.world.declared.append((target_of, self.world.now))
        self.world.halts.add(target_of)

    @happens(3, which=places, stage=st.sampled_from([0, 0, 900, 3600]))
    def lift(self, which: int, stage: int) -> None:
        if not self.world.halts:
            return
        target, name = sorted(self.world.halts)[which % len(self.world.halts)]
        key = str(self.rows[name].pk) if target == "agent" else name
        halt.lift(Halt.objects.get(target=target, key=key, lifted_at=None), by=self.town.mary, recovery=stage)
        self.world.halts.remove((target, name))
        self.world.lifted.append(((target, name), self.world.now, stage))

    @happens(2, name=names, child=names, which=st.sets(kinds, min_size=1), seconds=lengths, via=st.none() | places)
    def delegates(self, name: str, child: str, which: set[str], seconds: int, via: int | None) -> None:
        """Whether it is possible is judged by Placet; what it lets through must be what the text allows."""
        under = self._one(self.world.tickets, via)
        try:
            ticket = delegate.issue_ticket(
                caller=Caller(self.rows[name].pk, name, b""),
                child=child,
                action_types=sorted(which),
                seconds=seconds,
                via=None if under is None else UUID(under),
                request_key=f"ticket-{next(self.numbers)}",
                request_hash=b"",
            )
        except Problem:
            return
        assert child == town.SHARED or self.world.agents[child].above == name
        assert self.world.agents[name].active
        assert which <= set(self.world.agents[name].levels)
        ends = int((ticket.expires_at - warp.BEGINNING).total_seconds())
        assert self.world.now < ends <= self.world.now + oracle.DAY
        self.world.tickets[str(ticket.pk)] = oracle.Ticket(name, child, frozenset(which), under, ends)
        if under is not None:
            assert all(self.world.stands(under, name, kind) for kind in which)
        line = self.world.line(child, str(ticket.pk))
        assert child not in line[1:]
        assert len(line) <= 8

    @happens(1, which=places)
    def ends_a_delegation(self, which: int) -> None:
        ticket = self._one(self.world.tickets, which)
        if ticket is not None:
            delegate.end_ticket(UUID(ticket), by=self.town.mary)
            self.world.tickets[ticket].ends = self.world.now

    def _passes(self, seconds: int) -> None:
        """Time goes on, and what is overdue is closed: a bad mark for its tool, and a red for who began it."""
        self._at(self.world.now + seconds)
        self._people_wait(is_long=seconds >= 60)
        if not self.executing:
            return
        gone = [each for each in self.executing if running.is_abandoned(each, self.world.now)]
        assert sweep.abandon_overdue() == len(gone)
        for each in gone:
            self._read(each.ask.kind, good=False)
            self.world.turn(each.ask.agent, f"type {each.ask.kind}", "red")
            self.executing.remove(each)
            self._is_over(each)

    # what the world does

    @happens(4, seconds=lengths, reported=st.sampled_from([True, True, False]))
    def time_passes(self, seconds: int, reported: bool) -> None:
        # as it mostly is: what was allowed is done and said before the next day
        while reported and self.executing:
            self.reports(0, "succeeded")
        self._passes(seconds)

    @happens(2, tool=st.sampled_from(["till", "paper", town.RECORDS]), good=heard)
    def readings(self, tool: str, good: list[bool]) -> None:
        self._readings(tool, good)

    @happens(2, which=places, status=st.sampled_from([*["succeeded"] * 5, "failed", "not_executed"]))
    def reports(self, which: int, status: str) -> None:
        if not self.executing:
            return
        done = self.executing.pop(which % len(self.executing))
        report.report(done.action, caller=self._caller(done.ask.agent), status=status)
        self._is_over(done)
        if status != "not_executed":
            self._read(done.ask.kind, good=status == "succeeded")
        if status == "succeeded":
            self.world.handled.setdefault((done.ask.agent, done.ask.kind), []).append(
                (done.ask.customer, done.ask.amount)
            )

    @happens(
        4, which=places, after=st.sampled_from([0, 30, 75, 150, 290, 303]), edited=st.sampled_from([*[False] * 7, True])
    )
    def asks_whether_it_may_continue(self, which: int, after: int, edited: bool) -> None:
        """`edited`: just then people are wanted for every one of its type."""
        if not self.executing:
            return
        self._passes(after)
        if not self.executing:
            return
        each = self.executing[which % len(self.executing)]
        if edited:
            self._wants_people_for(each.ask.kind)
        causes = {each.told} if each.told else running.stops(each, self.bench)
        said = checkpoint.checkpoint(each.action, caller=self._caller(each.ask.agent))
        event(f"checkpoint: {said.stop}")
        assert (said.stop is None) is not bool(causes), f"{each}: {said.stop} where the model says {causes}"
        if said.stop is None:
            running.renewed(each, self.world.now)
        elif not each.told:
            assert said.stop.value in causes, f"{each}: {said.stop} where the model says {causes}"
            running.stopped(each, said.stop.value, self.world.now)
        row = Action.objects.get(pk=each.action)
        assert [self._since(row.report_by), self._since(row.lease_until)] == [each.due, each.until]

    @happens(
        4,
        which=places,
        after=st.sampled_from([0, 0, 1, 30, 60]),
        twice=st.booleans(),
        edited=st.sampled_from([*[False] * 7, True]),
    )
    def uses_a_grant(self, which: int, after: int, twice: bool, edited: bool) -> None:
        self._passes(after)
        if not self.executing:
            return
        each = self.executing[which % len(self.executing)]
        if edited:
            self._wants_people_for(each.ask.kind)
        for _ in range(1 + twice):
            expected, said = running.redemption(each, self.world), self._redeemed(each)
            event(f"redemption: {said}")
            assert said in expected or (not said and not expected), f"{each}: {said} where the model says {expected}"
            each.used, each.void = each.used or not said, each.void or said == "grant_void"

    @happens(1, name=names, kind=kinds, times=st.sampled_from([1, 1, 3]))
    def breaks_a_contract(self, name: str, kind: str, times: int) -> None:
        ask = oracle.Ask(name, kind, "r1", "c1", "", 10_00)
        for _ in range(times):
            with pytest.raises(Problem) as caught:
                self._ask(ask, amount="ten")
            assert caught.value.code is Code.CONTRACT_BROKEN
            self.world.breaks(name, kind)
            self._passes(1)

    @happens(
        14,
        name=names,
        kind=kinds,
        run=st.sampled_from(["r1", "r2", "r3"]),
        customer=st.sampled_from(["c1", "c2", "c3"]),
        subject=st.sampled_from(["", "s1", "s1", "s1", "s1", "s1", "s2"]),
        amount=st.sampled_from([10_00, 240_00, 480_00, 480_00, 500_00, 500_01, 900_00]),
        times=st.integers(1, 3),
        ticket=st.none() | places,
        said=st.sampled_from([*[""] * 10, "uncertain", "elevate"]),
    )
    def asks(
        self,
        name: str,
        kind: str,
        run: str,
        customer: str,
        subject: str,
        amount: int,
        times: int,
        ticket: int | None,
        said: str,
    ) -> None:
        under = self._one(self.world.tickets, ticket)
        # as it mostly is: who asks under a ticket holds it
        holder = name if under is None or times == 3 else self.world.tickets[under].child
        ask = oracle.Ask(
            holder,
            kind,
            run,
            customer,
            subject,
            amount,
            under,
            uncertain=said == "uncertain",
            elevate=said == "elevate",
        )
        for _ in range(times):
            if under is not None and not self.world.stands(under, holder, kind):
                assert self._answer(ask, None) == ("delegation_invalid", "")
                continue
            expected = self.world.decide(ask, EPOCH)
            exhausted = self.world.is_exhausted(expected)
            full = not exhausted and expected.outcome == "escalate" and self.queue.is_full(ask)
            event(f"{expected.outcome} at {expected.tier}" + (", exhausted" if exhausted else ", full" if full else ""))
            if kind == town.NEW:
                event(f"new to its agent: {self.world.is_new(ask)}, {expected.outcome}")
            answered = self._answer(ask, expected)
            if exhausted:
                assert answered == ("cap_exhausted", ""), self._explained(ask, expected)
                continue
            if full:
                assert answered == ("too_many_cases", ""), self._explained(ask, expected)
                self.queue.is_refused(ask)
                continue
            assert answered == (expected.outcome, expected.tier), self._explained(ask, expected)
            self.world.happened(ask, expected)
            if expected.outcome == "escalate":
                self.queue.is_opened(ask)
            self._passes(1)

    @happens(
        2,
        name=st.sampled_from(["Refunder", "Scribe"]),
        customer=st.sampled_from(["c1", "c2"]),
        amounts=st.lists(st.sampled_from([10_00, 240_00]), min_size=1, max_size=3),
    )
    def gets_familiar(self, name: str, customer: str, amounts: list[int]) -> None:
        """As it mostly is with what is new: a person lets it be done, a few times."""
        for amount in amounts:
            self.asks(name, town.NEW, "r1", customer, "", amount, times=1, ticket=None, said="")
            self.a_person_decides(0, "grace", "approve", after=0, again=None, done="at once")

    # what always holds

    @invariant()
    def an_agent_may_do_what_the_model_says(self) -> None:
        for name, kind in itertools.islice(self.probes, 1):
            ask = oracle.Ask(name, kind, "r1", "c1", "s1", 240_00)
            expected = self.world.decide(ask, EPOCH)
            exhausted = self.world.is_exhausted(expected)
            *said, bound = self._tried(ask)
            full = expected.outcome == "escalate" and self.queue.is_full(ask)
            refused = "cap_exhausted" if exhausted else "too_many_cases" if full else ""
            right = [refused, ""] if refused else [expected.outcome, expected.tier]
            assert said == right, f"{ask} at {self.world.now}: bound by {bound}"

    @invariant()
    def no_child_stands_above_its_parent(self) -> None:
        tiers_now = [scope.ceiling for scope in self.world.scopes.values()]
        tiers_now += [agent.most for agent in self.world.agents.values()]
        if tiers_now == self.stood:
            return
        self.stood = tiers_now
        with connection.cursor() as cursor:
            cursor.execute(_ABOVE)
            assert cursor.fetchall() == []

    @invariant()
    def what_was_let_through_in_any_window_is_under_every_cap(self) -> None:
        """What the machine let through; with what people did, it is under every hard cap."""
        if self.world.spent == self.looked_at:
            return
        self.looked_at = list(self.world.spent)
        limits: dict[tuple[str, ...], int] = {}
        hard: dict[tuple[str, ...], int] = {}
        for kind in town.KINDS.values():
            for cap in kind.caps:
                row = cap.key, kind.family, cap.unit, str(cap.window)
                limits[row] = min(cap.limit, limits.get(row, cap.limit))
                if cap.hard:
                    hard[row] = min(cap.limit, hard.get(row, cap.limit))
            if kind.rail is not None:
                limits["guardrail", kind.name, "count", str(kind.rail.window)] = kind.rail.count
        rows: dict[tuple[str, ...], list[oracle.Spent]] = {}
        for each in self.world.spent:
            rows.setdefault(each.budget, []).append(each)
        for budget, spent in rows.items():
            key, _, family, unit, window = budget
            limit, most = limits[key, family, unit, window], hard.get((key, family, unit, window))
            for last in spent:
                inside = [each for each in spent if last.at - int(window) < each.at <= last.at]
                assert sum(each.amount for each in inside if not each.person) <= limit
                assert most is None or sum(each.amount for each in inside) <= most

    # every event takes its second: two of one moment are none for a database
    @rule(happens=st.deferred(drawn))
    def something_happens(self, happens: tuple[str, dict[str, Any]]) -> None:
        """One rule for all, so that no run is without the events that matter."""
        name, given = happens
        getattr(self, name)(**given)
        self._passes(1)

    # how it is done

    def _redeemed(self, each: running.Running) -> str:
        """Why a grant is not redeemed; empty when it is."""
        grant = Grant.objects.filter(action=each.action).latest("issued_at")
        try:
            redeem.redeem(grant.pk, caller=self._caller(each.ask.agent), digest=bytes(grant.digest).hex())
        except Problem as problem:
            return problem.code.value
        return ""

    def _key(self, name: str) -> str:
        return register.issue_key(self._row(name), by=town.BY, expires_at=warp.BEGINNING + dt.timedelta(days=3650))

    def _type(self, kind: str | None) -> ActionType | None:
        return None if kind is None else self.town.types[kind]

    def _caller(self, name: str) -> Caller:
        return Caller(self.rows[name].pk, name, hash_key(self.keys[name]))

    @staticmethod
    def _since(moment: dt.datetime | None) -> int | None:
        return None if moment is None else int((moment - warp.BEGINNING).total_seconds())

    @staticmethod
    def _one(known: Mapping[_K, Any], which: int | None) -> _K | None:
        return None if which is None or not known else list(known)[which % len(known)]

    def _readings(self, tool: str, good: list[bool]) -> None:
        at = warp.BEGINNING + dt.timedelta(seconds=self.world.now)
        # what types are verified through is heard of as a connector
        said = {"tool": tool, "source": "report"}
        if tool == town.RECORDS:
            said = {"tool": f"connector:{tool}", "source": "connector"}
        ToolReading.objects.bulk_create([ToolReading(good=each, read_at=at, **said) for each in good])
        self.world.readings += [(tool, self.world.now, each) for each in good]

    def _read(self, kind: str, *, good: bool) -> None:
        self.world.readings.append((town.KINDS[kind].tool, self.world.now, good))

    def _ask(self, ask: oracle.Ask, *, amount: str | None = None, dry_run: bool = False) -> Answer:
        number = next(self.numbers)
        money = {"amount": amount or f"{ask.amount // 100}.{ask.amount % 100:02}", "currency": "USD"}
        return intake.ask(
            Credential(hash_key(self.keys[ask.agent])),
            intake.Ask(
                action_type=ask.kind,
                parameters={"customer": ask.customer, "amount": money, "order": f"o-{number}"},
                claims={},
                run=ask.run,
                subject=ask.subject or None,
                uncertain=ask.uncertain,
                elevate=ask.elevate,
                body_hash=hashlib.sha256(str(number).encode()).digest(),
                idempotency_key=f"key-{number}",
                dry_run=dry_run,
                delegation=None if ask.ticket is None else UUID(ask.ticket),
            ),
        )

    def _tried(self, ask: oracle.Ask) -> tuple[str, str, str]:
        """What a dry run is told, and what bound it."""
        try:
            body = self._ask(ask, dry_run=True).body
        except Problem as problem:
            if problem.code not in (Code.CAP_EXHAUSTED, Code.TOO_MANY_CASES):
                raise
            return problem.code.value, "", ""
        return body["outcome"], body["effective_tier"], body["bound_by"]

    def _answer(self, ask: oracle.Ask, expected: oracle.Answer | None) -> tuple[str, str]:
        try:
            body = self._ask(ask).body
        except Problem as problem:
            if problem.code not in (Code.CAP_EXHAUSTED, Code.TOO_MANY_CASES, Code.DELEGATION_INVALID):
                raise
            return problem.code.value, ""
        if body["outcome"] == "execute":
            self.executing.append(running.begun(UUID(body["id"]), ask, self.world))
        if body["outcome"] == "escalate" and expected is not None:
            self.bench.opens(
                UUID(body["escalation"]["id"]), UUID(body["id"]), ask, expected.breached + expected.crowded
            )
        return body["outcome"], body["effective_tier"]

    def _explained(self, ask: oracle.Ask, expected: oracle.Answer) -> str:
        latest = Action.objects.order_by("-created_at").first()
        bound = "" if latest is None else latest.decision.bound_by
        binding = [
            case for case in self.world.cases if any(case.binds(key, self.world.now) for key in expected.breached)
        ]
        return f"{ask}: the model says {expected} at {self.world.now}, {binding}; Placet was bound by {bound}"


def _is_done(change: Callable[[], object], refused: Code) -> bool:
    """Whether a change is made, or refused for this."""
    try:
        change()
    except Problem as problem:
        if problem.code is not refused:
            raise
        return False
    return True


def _latch(kind: str | None) -> str:
    return "agent" if kind is None else f"type {kind}"


@pytest.mark.full
def test_placet_answers_what_the_model_says_whatever_happens_in_whatever_order(founded: town.Town) -> None:
    Machine.town = founded
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=checks,
            database=None,
            # the whole size looks for what nobody thought of; the small one says whether a change broke something
            derandomize=not PROVE,
            # a run is dozens of transactions: shrinking one would take longer than the whole suite
            phases=(Phase.generate, Phase.shrink) if PROVE else (Phase.generate,),
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from governance_action")
        assert cursor.fetchone()[0] == 0
    tell(size=f"{RUNS:,} runs of up to {STEPS} steps", figure="0 differences")
