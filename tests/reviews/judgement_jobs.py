"""What people, agents and sweeps do at once in the races of judgement."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from governance import locks
from governance.authenticate import Caller, Credential, hash_key, identify
from governance.day_keys import ensure_day_key
from governance.models import Mandate
from governance.problems import Code, Problem
from reviews import four_eyes, judge, redeem, report, sample, spot_review, sweep, take, withdraw
from reviews.lack import tell_lack
from reviews.material import Stated
from reviews.models import Escalation, LackKind
from tests.reviews.scene import stated

_FINISHED = "finished"


def _caller(key: str) -> Caller:
    found = identify(Credential(hash_key(key)))
    assert found is not None
    connection.close()  # the pool has one for each thread of the race, and none for the thread that prepares it
    return found


def _people(names: list[str]) -> list[User]:
    found = [User.objects.get(username=name) for name in names]
    connection.close()
    return found


def redeemers(*, key: str, grants: list[str], digests: list[str], pause: float = 0.0) -> Callable[[int], str]:
    """Everybody redeems every grant, all in the same order."""
    caller = _caller(key)

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(grants):
            return _FINISHED
        time.sleep(pause * random.random())
        try:
            redeem.redeem(UUID(grants[turn]), caller=caller, digest=digests[turn])
        except Problem as problem:
            return problem.code.value
        return f"redeemed {turn}"

    return one


def missers(*, name: str, case: str) -> Callable[[int], str]:
    """One reviewer in many windows says everything that the screen of a case can lack, all in the same order."""
    (reviewer,) = _people([name])

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(LackKind.values):
            return _FINISHED
        try:
            tell_lack(UUID(case), reviewer=reviewer, kind=LackKind.values[turn])
        except Problem as problem:
            return problem.code.value
        return f"told {turn}"

    return one


def judges(*, names: list[str], cases: list[str], key: str) -> Callable[[int], str]:
    """Take and decide every case, in the same order: people who approve or reject, their agent, and the sweep.

    Leases last a moment, so that the same case is held by one after the other.
    """
    take.LEASE = timedelta(milliseconds=150)  # type: ignore[attr-defined]
    people = _people(names)
    caller = _caller(key)

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(cases):
            return _FINISHED
        case, person, what = UUID(cases[turn]), random.choice(people), random.choice(["approve", "reject", "leave"])
        try:
            if what == "leave" and random.random() < 0.2:
                withdraw.withdraw(Escalation.objects.get(pk=case).action_id, caller=caller)
                return f"withdrawn {turn}"
            return f"{_decide(case, person, what)} {turn}"
        except Problem as problem:
            who = problem.extra.get("decided_by", "")
            return f"{problem.code.value} {who}".strip()

    return one


def _decide(case: UUID, person: User, what: str) -> str:
    """Try until the case is decided by somebody."""
    while True:
        try:
            seen = take.take(case, reviewer=person)
            assert seen.snapshot is not None
            if what == "approve":
                judge.approve(case, reviewer=person, **stated(seen))
            else:
                judge.reject(case, reviewer=person, reason="not_needed")
            return what
        except Problem as problem:
            if problem.code not in (Code.NOT_TAKEN, Code.TAKEN_BY_ANOTHER):
                raise
            time.sleep(0.05 * random.random())


def pairs(*, names: list[str], cases: list[str]) -> Callable[[int], str]:
    """Each person approves every case, in several sessions at once; verdicts are final at once."""
    take.LEASE = timedelta(seconds=2)  # type: ignore[attr-defined]
    judge.hold_seconds = lambda spec: 0  # type: ignore[attr-defined]
    people = _people(names)

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(cases):
            return _FINISHED
        person = people[number // 10_000 % len(people)]
        try:
            return f"{_decide(UUID(cases[turn]), person, 'approve')} {turn} {person.username}"
        except Problem as problem:
            return problem.code.value

    return one


def approvers(
    *, name: str, cases: list[list[str]], guarded: bool = True, pause: float = 0.0, again: bool = False
) -> Callable[[int], str]:
    """Approve one's own cases, one after the other, or any `again` and again. Unguarded authority is read, not held."""
    _slowed(guarded, pause)
    (person,) = _people([name])

    def one(number: int) -> str:
        turn = random.randrange(len(cases)) if again else number % 10_000
        if turn >= len(cases):
            return _FINISHED
        case, action_digest, snapshot_digest, consent = cases[turn]
        said = Stated(action_digest=action_digest, snapshot_digest=snapshot_digest, consent=consent)
        try:
            judge.approve(UUID(case), reviewer=person, **said)
        except Problem as problem:
            return problem.code.value
        return "approved"

    return one


def hurried(*, name: str, cases: list[str], guarded: bool, pause: float) -> Callable[[int], str]:
    """Take any case, approve it, and withdraw at once so that it can be approved again."""
    _slowed(guarded, pause)
    (person,) = _people([name])

    def one(number: int) -> str:
        case = UUID(random.choice(cases))
        try:
            seen = take.take(case, reviewer=person)
            verdict = judge.approve(case, reviewer=person, proof=None, **stated(seen))
            judge.withdraw(verdict.pk, reviewer=person)
        except Problem as problem:
            return problem.code.value
        return "approved"

    return one


def finders(*, work: dict[str, str], guarded: bool, pause: float) -> Callable[[int], str]:
    """Find the draw of one reviewer unsound: each process does it for another one, and measures slowly."""
    if not guarded:
        spot_review.hold_standing = lambda agent: None  # type: ignore[attr-defined]
    keep = spot_review.keep_errors  # type: ignore[attr-defined]

    def slowly(*given: Any, **named: Any) -> Any:
        time.sleep(pause)
        return keep(*given, **named)

    spot_review.keep_errors = slowly  # type: ignore[attr-defined]
    people = _people([*work])

    def one(number: int) -> str:
        for place, person in enumerate(people):
            with connection.cursor() as cursor:
                cursor.execute("select pg_try_advisory_lock(99, %s)", [place])
                mine = cursor.fetchone()[0]
            if mine:
                spot_review.judge_draw(UUID(work[person.username]), reviewer=person, sound=False, reason="harmful")
                time.sleep(2 * pause)  # nobody else takes it for theirs
                return _FINISHED
        return _FINISHED

    return one


def _slowed(guarded: bool, pause: float) -> None:
    """Let an approval take its time; without the guards authority is read and not held."""
    if not guarded:
        judge.locks.share_authority = locks.database_now  # type: ignore[attr-defined]
        four_eyes.held_mandates = lambda people: {  # type: ignore[attr-defined]
            mandate.reviewer_id: mandate for mandate in Mandate.objects.filter(reviewer__in=list(people))
        }
    reserve = judge.reserve  # type: ignore[attr-defined]

    def slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(pause * random.random())
        return reserve(*args, **kwargs)

    judge.reserve = slowly  # type: ignore[attr-defined]


def sweepers(*, rounds: int) -> Callable[[int], str]:
    """Every worker closes what is due and draws what may be drawn, again and again."""

    def one(number: int) -> str:
        if number % 10_000 >= rounds:
            return _FINISHED
        return f"{sweep.expire_due(7)} {sweep.abandon_overdue(7)} {sample.draw_due(7)}"

    return one


def reporters(*, key: str, actions: list[str]) -> Callable[[int], str]:
    """Everybody reports every action, each with an answer of their own."""
    caller = _caller(key)

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(actions):
            return _FINISHED
        try:
            report.report(UUID(actions[turn]), caller=caller, status="succeeded", latency_ms=number % 86_400_000)
        except Problem as problem:
            return problem.code.value
        return f"reported {turn}"

    return one


def key_makers(*, days: list[str]) -> Callable[[int], str]:
    """Everybody needs the key of every day first."""

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(days):
            return _FINISHED
        secret = bytes(ensure_day_key(date.fromisoformat(days[turn])).secret)
        return f"{turn}:{secret.hex()[:16]}"

    return one
