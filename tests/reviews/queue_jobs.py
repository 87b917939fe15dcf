"""What people do at once with the cases of a queue, and what an agent does that asks the same again."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from governance.authenticate import Credential, hash_key
from governance.problems import Problem
from reviews import handover, judge, take
from reviews.intake import Ask, ask
from reviews.verify import verify

_REASON = "interrupted"


def repeaters(*, key: str, most: int) -> Callable[[int], str]:
    """Ask for one and the same action, each time with another key."""
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        if number % 10_000 >= most:
            return "finished"
        request = Ask(
            action_type="shop.refund",
            parameters={"order_id": "W1", "amount": {"amount": "480.00", "currency": "USD"}},
            claims={},
            run="one",
            subject="c-1",
            body_hash=hashlib.sha256(f"{number}".encode()).digest(),
            idempotency_key=f"k-{number}",
        )
        return "joined" if ask(credential, request).body["escalation"].get("joined") else "opened"

    return one


def doubters(*, key: str, most: int) -> Callable[[int], str]:
    """Ask for the action of the moment, so that everybody asks for the same; every other thread with doubt."""
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        if number % 10_000 >= most:
            return "finished"
        turn = int(time.time() * 10)
        request = Ask(
            action_type="bench.refund",
            parameters={"customer": f"c-{turn}", "amount": {"amount": "1.00", "currency": "USD"}},
            claims={},
            run=f"run-{turn}",
            subject=None,
            body_hash=hashlib.sha256(f"{number}".encode()).digest(),
            idempotency_key=f"k-{number}",
            uncertain=number // 10_000 % 2 == 0,
        )
        return str(ask(credential, request).body["outcome"])

    return one


def flooders(*, key: str, most: int) -> Callable[[int], str]:
    """Ask for ever other actions of ever other customers that a person must decide."""
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        if number % 10_000 >= most:
            return "finished"
        request = Ask(
            action_type="shop.refund",
            parameters={"order_id": f"X{number}", "amount": {"amount": "480.00", "currency": "USD"}},
            claims={},
            run=f"run-{number}",
            subject=f"c-{number}",
            body_hash=hashlib.sha256(f"{number}".encode()).digest(),
            idempotency_key=f"k-{number}",
        )
        try:
            return "opened" if ask(credential, request).body["outcome"] == "escalate" else "executed"
        except Problem as problem:
            return problem.code.value

    return one


def holders(*, names: list[str], cases: list[str]) -> Callable[[int], str]:
    """Take the same cases, read their records and hand them to each other, everybody at once but with some leisure:
    a person whom the windows of their own never let go cannot leave.
    """
    people = [User.objects.get(username=name) for name in names]
    connection.close()

    def one(number: int) -> str:
        case, who = UUID(random.choice(cases)), random.choice(people)
        heir = next(each for each in names if each != who.get_username())
        time.sleep(random.random() * 0.05)
        try:
            if random.random() < 0.3:
                handover.hand_over(case, reviewer=who, to=heir, reason=_REASON)
            else:
                take.take(case, reviewer=who)
                verify(case)
        except Problem as problem:
            return problem.code.value
        return "done"

    return one


def handers(*, names: list[str], cases: list[str], most: int) -> Callable[[int], str]:
    """Take, give back, hand over, hand up, skip and now and then decide the same cases, everybody at once."""
    people = [User.objects.get(username=name) for name in names]
    connection.close()

    def one(number: int) -> str:
        if number % 10_000 >= most:
            return "finished"
        case, who = UUID(random.choice(cases)), random.choice(people)
        heir = random.choice([each for each in names if each != who.get_username()])
        what: dict[str, Callable[[], object]] = {
            "take": lambda: take.take(case, reviewer=who),
            "renew": lambda: take.renew(case, reviewer=who),
            "release": lambda: take.release(case, reviewer=who),
            "over": lambda: handover.hand_over(case, reviewer=who, to=heir, reason=_REASON),
            "up": lambda: handover.hand_up(case, reviewer=who, reason=_REASON),
            "skip": lambda: handover.skip(case, reviewer=who, reason=_REASON),
            "leave": lambda: take.release_all(reviewer=who),
            "reject": lambda: judge.reject(case, reviewer=who, reason="not_needed"),
        }
        weights = [6, 2, 2, 4, 2, 3, 1, 1]
        (name,) = random.choices(list(what), weights)
        try:
            what[name]()
        except Problem as problem:
            return f"{name}: {problem.code.value}"
        return name

    return one
