"""What waits for people, what they approve, and what becomes of their approvals.

A part of the slow model, from the design's text like the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.machine import oracle

DEADLINES = {"high": oracle.HOUR, "medium": 4 * oracle.HOUR, "low": oracle.DAY}
PICK_UP = {"high": 15 * oracle.MINUTE, "medium": oracle.HOUR, "low": oracle.HOUR}
HOLD, TAKEN, FRESH = 5, 5 * oracle.MINUTE, 60
RISKS = ("low", "medium", "high")
RECORDS = "records"


@dataclass(frozen=True)
class Mandate:
    """What a reviewer may approve: money up to a limit, risk up to a risk; and their rank."""

    money: int
    risk: str
    rank: int


@dataclass(frozen=True)
class Voice:
    """Somebody approved: when, and what the record said to them."""

    by: str
    at: int
    said: str


@dataclass
class Approval:
    """What enough people approved, final when the hold of the last ends, to be used until it is too late."""

    by: tuple[str, ...]
    at: int
    ends: int
    said: str
    spent: list[oracle.Spent]
    grant: Any
    used: bool = False
    void: bool = False
    over: bool = False


@dataclass
class Case:
    """What a person must decide. `key` is the budget that it is the one case of, which `frees` again.

    `said` is what the record said when it was `read`: empty where it did not answer. `voices` are the approvals so far.
    """

    row: Any
    action: Any
    ask: oracle.Ask
    risk: str
    opened: int
    key: tuple[str, ...] | None = None
    frees: int | None = None
    state: str = "open"
    read: int | None = None
    said: str = ""
    taken: str = ""
    until: int = 0
    voices: list[Voice] = field(default_factory=list)
    approval: Approval | None = None

    def binds(self, budget: tuple[str, ...], now: int) -> bool:
        """Whether more of its budget is refused: while it is open, and then until the window frees."""
        return budget == self.key and (self.state == "open" or (self.frees is not None and now < self.frees))


@dataclass
class Bench:
    """Everything about cases beside the world that they are of."""

    world: oracle.World
    epoch: int
    mandates: dict[str, Mandate | None]
    answers: bool = True
    changed: dict[Any, str] = field(default_factory=dict)

    # cases

    def opens(self, row: Any, action: Any, ask: oracle.Ask, over: list[tuple[str, ...]]) -> Case:
        """A decision left it to people. Over caps it is the one case of the first."""
        key = over[0] if over else None
        found = Case(row, action, ask, self.world.needed(ask)[1], self.world.now, key)
        found.frees = self.frees(found)
        self.world.cases.append(found)
        return found

    def open(self) -> list[Case]:
        """The cases that wait."""
        return [case for case in self.world.cases if case.state == "open"]

    def frees(self, case: Case) -> int | None:
        """When the budget of a case takes the same action again, if nothing else is spent."""
        if case.key is None:
            return None
        caps = [(cap, adds) for cap, budget, adds in self.world.budgets(case.ask) if budget == case.key]
        moments = [self._fits(case.key, cap, adds) for cap, adds in caps]
        return max((each for each in moments if each is not None), default=case.frees)

    def _fits(self, budget: tuple[str, ...], cap: oracle.Cap, adds: int) -> int | None:
        width = -(-cap.window * 1000 // 60)
        spent = [each for each in self.world.spent if each.budget == budget]
        ends = [((self.epoch + each.at) * 1000 // width + 61) * width // 1000 - self.epoch for each in spent]
        for moment in sorted({self.world.now, *ends}):
            left = sum(each.amount for each, end in zip(spent, ends, strict=True) if end > moment)
            if moment >= self.world.now and left + adds <= cap.limit:
                return moment
        return None

    def due(self, case: Case) -> int:
        """Its deadline, and all the time in which a halt covered it."""
        covered = self.world.targets_over(self.world.line(case.ask.agent, case.ask.ticket), case.ask.kind)
        spans = []
        for target, at in self.world.declared:
            ends = [lifted for other, lifted, _ in self.world.lifted if other == target and lifted >= at]
            if target in covered:
                spans.append((max(at, case.opened), min(ends, default=self.world.now)))
        frozen, last = 0, case.opened
        for begins, ends_at in sorted(spans):
            frozen += max(0, ends_at - max(begins, last))
            last = max(last, ends_at)
        return case.opened + DEADLINES[case.risk] + frozen

    def expire(self) -> int:
        """What nobody decided in time is rejected. How many."""
        late = [case for case in self.open() if self.due(case) <= self.world.now and not self.is_halted(case)]
        for case in late:
            case.state = "expired"
        return len(late)

    def lapse(self) -> int:
        """What was approved and never begun gives back what it held. How many."""
        late = [case for case in self.world.cases if case.approval is not None and self._is_late(case.approval)]
        for case in late:
            assert case.approval is not None
            case.approval.over = True
            self.gives_back(case)
        return len(late)

    def _is_late(self, approval: Approval) -> bool:
        return self.world.now >= approval.ends and not (approval.used or approval.void or approval.over)

    def is_halted(self, case: Case) -> bool:
        """Whether a halt covers it now."""
        line = self.world.line(case.ask.agent, case.ask.ticket)
        return bool(self.world.halts & self.world.targets_over(line, case.ask.kind))

    # reading

    def record(self, case: Case) -> str:
        """What the record says now."""
        return self.changed.get(case.action, "fine")

    def heard(self) -> None:
        """The system of record was asked, which says how it is."""
        self.world.readings.append((RECORDS, self.world.now, self.answers))

    def takes(self, case: Case, reviewer: str) -> set[str]:
        """Why somebody cannot take it; else it is theirs, and its record was read within the last minute."""
        holds = [each.by for each in case.voices if self.world.now < each.at + HOLD]
        why = {
            "taken_part": reviewer in {each.by for each in case.voices},
            # who comes next waits until the one before can think again no more
            "taken_by_another": bool(set(holds) - {reviewer})
            or (case.taken not in ("", reviewer) and self.world.now < case.until),
        }
        if any(why.values()):
            return {name for name, holds in why.items() if holds}
        case.taken, case.until = reviewer, self.world.now + TAKEN
        if case.read is None or not case.said or case.read <= self.world.now - FRESH:
            self.heard()
            case.read, case.said = self.world.now, self.record(case) if self.answers else ""
        return set()

    # verdicts

    def mandated(self, reviewer: str, terms: Mandate | None) -> None:
        """A mandate is given, changed or revoked. Who loses a part of it gives back the cases that they have."""
        held = self.mandates[reviewer]
        self.mandates[reviewer] = terms
        if held is None or (terms is not None and _covers(terms, held)):
            return
        for case in self.open():
            if case.taken == reviewer:
                case.taken = ""

    def reaches(self, reviewer: str, case: Case) -> bool:
        """Whether the mandate of a reviewer reaches a case."""
        held = self.mandates[reviewer]
        # what is always for people, at high risk, is for a manager
        rank = 2 if case.risk == "high" and self.world.kinds[case.ask.kind].by_people else 1
        needed = Mandate(case.ask.amount, case.risk, rank)
        return held is not None and _covers(held, needed)

    def lacks(self, case: Case, voices: Iterable[str]) -> list[int]:
        """The ranks of whom its type wants now and has not: each approval fills the highest that its rank reaches."""
        eyes = self.world.kinds[case.ask.kind].eyes
        left = list(eyes[1]) if eyes is not None and case.ask.amount >= eyes[0] else [1]
        for by in voices:
            held = self.mandates[by]
            reached = [rank for rank in left if held is not None and rank <= held.rank]
            if reached and self.reaches(by, case):
                left.remove(max(reached))
        return left

    def reach(self, case: Case, voices: Sequence[str]) -> bool:
        """Whether the mandates of all who approved reach it still, and are enough for what its type asks now."""
        return all(self.reaches(by, case) for by in voices) and not self.lacks(case, voices)

    def counts(self, case: Case) -> list[Voice]:
        """The approvals that count: of these facts, and of people whose mandate reaches the case now."""
        return [each for each in case.voices if each.said == case.said and self.reaches(each.by, case)]

    def hinders(self, case: Case, reviewer: str) -> set[str]:
        """Why this reviewer cannot approve it now: no facts, no mandate, a halt, a hard cap."""
        why = {
            # who is not the last reserves nothing
            "not_approvable": not case.said or (self._is_last(case, reviewer) and self._passes_a_hard_cap(case.ask)),
            "outside_mandate": not self._may_be_next(case, reviewer),
            "halted": self.is_halted(case),
        }
        return {name for name, holds in why.items() if holds}

    def _may_be_next(self, case: Case, reviewer: str) -> bool:
        held, left = self.mandates[reviewer], self.lacks(case, [each.by for each in self.counts(case)])
        return held is not None and self.reaches(reviewer, case) and held.rank >= min(left, default=1)

    def _is_last(self, case: Case, reviewer: str) -> bool:
        return not self.lacks(case, [*(each.by for each in self.counts(case)), reviewer])

    def _passes_a_hard_cap(self, ask: oracle.Ask) -> bool:
        return any(
            cap.hard and self.world.live(budget, cap.window, self.epoch) + adds > cap.limit
            for cap, budget, adds in self.world.budgets(ask)
        )

    def approves(self, case: Case, reviewer: str) -> bool:
        """Whether it is enough. What does not count any more is set aside for it."""
        is_enough = self._is_last(case, reviewer)
        case.voices = [*self.counts(case), Voice(reviewer, self.world.now, case.said)]
        case.taken, case.until = reviewer, self.world.now + HOLD
        return is_enough

    def grants(self, case: Case, grant: Any) -> None:
        """What it spends counts from now, over any cap that is not hard; it can be used when the hold is over."""
        counted = {budget: adds for _, budget, adds in self.world.budgets(case.ask)}
        spent = [oracle.Spent(budget, self.world.now, adds, person=True) for budget, adds in counted.items()]
        self.world.spent += spent
        ends = self.world.now + HOLD + PICK_UP[case.risk]
        by = tuple(each.by for each in case.voices)
        case.approval = Approval(by, self.world.now, ends, case.said, spent, grant)
        case.state, case.until, case.frees = "approved", self.world.now, self.frees(case)

    def rejects(self, case: Case) -> None:
        """Nobody asks for it again through this case."""
        case.state, case.until = "rejected", self.world.now

    def takes_back(self, case: Case) -> None:
        """A verdict was withdrawn in its hold: the case is open again, and theirs who gave it."""
        if case.state != "rejected":
            case.taken = case.voices.pop().by
        if case.approval is not None:
            case.approval.void = True
            self.gives_back(case)
            case.approval = None
        case.state, case.until = "open", self.world.now + TAKEN
        self._shares_no_key(case)

    def withdraws(self, case: Case) -> None:
        """The agent wants it no more."""
        case.state = "withdrawn"
        if case.approval is not None and not case.approval.over:
            case.approval.void = True
            self.gives_back(case)

    def gives_back(self, case: Case) -> None:
        """Nothing ran, so nothing is spent."""
        assert case.approval is not None
        held = {id(each) for each in case.approval.spent}
        self.world.spent = [each for each in self.world.spent if id(each) not in held]
        case.frees = self.frees(case)

    def _shares_no_key(self, case: Case) -> None:
        """A budget has one open case: what opens again while it has another is none of it."""
        if any(other is not case and other.key == case.key for other in self.open()):
            case.key = None

    # redemption

    def redemption(self, case: Case) -> tuple[set[str], bool]:
        """What may be answered to who begins what a person approved; nothing where it begins. Whether it is voided.

        A halt since, a mandate that no longer reaches it and a record that changed void it, and people decide again.
        Of what stands now only a refusal stops it: not the ceiling of the machine, nor its caps, nor a standing. A red
        tool, or a record that does not answer, is waited for.
        """
        given, now = case.approval, self.world.now
        assert given is not None
        for name, holds in (
            ("grant_used", given.used),
            ("grant_void", given.void),
            ("grant_expired", now >= given.ends),
            ("grant_not_yet_open", now < given.at + HOLD),
            ("source_unavailable", not self.answers),
        ):
            if holds:
                return {name}, False
        lost = {
            "grant_void": self._is_halted_since(case, given.at) or not self.reach(case, given.by),
            "record_changed": self.record(case) != given.said,
        }
        voids = {name for name, holds in lost.items() if holds}
        # what begins waits for room
        waits = {"wrong_state"} if self.world.crowded(case.ask) else set()
        return (voids, True) if voids else (refusals(case.ask, self.world) | waits, False)

    def _is_halted_since(self, case: Case, since: int) -> bool:
        covered = self.world.targets_over(self.world.line(case.ask.agent, case.ask.ticket), case.ask.kind)
        return any(target in covered and at >= since for target, at in self.world.declared)

    def loses(self, case: Case, row: Any) -> Case:
        """An approval lost its ground: it gives back what it held, and a new case takes the place of the old."""
        assert case.approval is not None
        case.approval.void, case.state = True, "superseded"
        self.gives_back(case)
        fresh = Case(row, case.action, case.ask, case.risk, self.world.now, case.key, case.frees)
        fresh.read, fresh.said = self.world.now, self.record(case)
        self._shares_no_key(fresh)
        self.world.cases.append(fresh)
        return fresh


def _covers(has: Mandate, needed: Mandate) -> bool:
    return has.money >= needed.money and RISKS.index(has.risk) >= RISKS.index(needed.risk) and has.rank >= needed.rank


def refusals(ask: oracle.Ask, world: oracle.World) -> set[str]:
    """Why even what a person approved is refused now: something in the chain is halted, gone or below proposing."""
    line = world.line(ask.agent, ask.ticket)
    there = [world.agents[name] for name in line]
    kind = world.kinds[ask.kind]
    allowed = (
        (ask.ticket is None or world.stands(ask.ticket, ask.agent, ask.kind))
        and all(agent.active and ask.kind in agent.levels for agent in there)
        and not world.halts & world.targets_over(line, ask.kind)
    )
    tier = oracle.lowest(
        *(agent.most for agent in there),
        *(scope.ceiling for name in line for scope in world.scopes_of(name)),
        *(world.pulled(name, ask.kind) for name in line),
    )
    why = {
        "refused": not allowed or not oracle.at_least(tier, "PROPOSE"),
        "tool_red": "tool" in kind.needs and world.tool_colour(kind.tool) == "red",
    }
    return {name for name, holds in why.items() if holds}
