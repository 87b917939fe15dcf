"""What racing processes do, by name: each returns a function from a number to an outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from governance.authenticate import Credential, hash_key
from governance.problems import Problem
from reviews.intake import Ask, ask
from tests.governance.key_jobs import rotators
from tests.reviews.delegation_jobs import delegated, givers
from tests.reviews.judgement_jobs import (
    approvers,
    finders,
    hurried,
    judges,
    key_makers,
    missers,
    pairs,
    redeemers,
    reporters,
    sweepers,
)
from tests.reviews.notice_jobs import tellers
from tests.reviews.queue_jobs import doubters, flooders, handers, holders, repeaters
from tests.reviews.rails import policy
from tests.reviews.running_jobs import runners

__all__ = [
    "approvers", "beginners", "contradictions", "delegated", "doubters", "finders", "flooders", "givers", "granted",
    "handers", "holders", "hurried", "judges", "key_makers", "missers", "pairs", "redeemers", "refunds", "repeaters",
    "reporters", "rotators", "runners", "sweepers", "tellers", "twins",
]  # fmt: skip


def refunds(
    *,
    key: str,
    customer: str,
    amount: str,
    spread: bool = False,
    each: int = 10_000,
    kind: str = "bench.refund",
    rounds: int = 10_000,
) -> Callable[[int], str]:
    """Ask for refunds of one customer, or of ever new ones; the outcome, or the code of the problem.

    Everybody goes on to the next customer after asking `each` times, and is finished after `rounds`.
    """
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        if number % 10_000 >= rounds:
            return "finished"
        whom = f"{customer}-{number if spread else number % 10_000 // each}"
        parameters: dict[str, Any] = {"customer": whom, "amount": {"amount": amount, "currency": "USD"}}
        request = Ask(
            action_type=kind,
            parameters=parameters,
            claims={},
            run=f"run-{number}",
            subject=None,
            body_hash=hashlib.sha256(f"{number}".encode()).digest(),
            idempotency_key=f"k-{number}",
        )
        try:
            return str(ask(credential, request).body["outcome"])
        except Problem as problem:
            return problem.code.value

    return one


def granted(*, key: str) -> Callable[[int], str]:
    """Ask for refunds of ever new customers inside a guardrail, in a process whose policy grants every one of them."""
    policy()
    return refunds(key=key, customer="rail", amount="10.00", spread=True)


def contradictions(*, key: str, rounds: int) -> Callable[[int], str]:
    """Act in a run that is pinned for somebody, on behalf of somebody else: a red each time."""
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        if number % 10_000 >= rounds:
            return "finished"
        try:
            return str(ask(credential, on_behalf("somebody else", f"red-{number}")).body["outcome"])
        except Problem as problem:
            return problem.code.value

    return one


def beginners(*, keys: list[str], rounds: int) -> Callable[[int], str]:
    """Begin the same runs in every thread of every process, with each of the keys, each for somebody else."""

    def one(number: int) -> str:
        thread, turn = number // 10_000, number % 10_000
        if turn >= rounds:
            return "finished"
        credential = Credential(hash_key(keys[thread % len(keys)]))
        try:
            return str(ask(credential, on_behalf(f"c-{thread}", f"k-{number}", run=f"run-{turn}")).body["outcome"])
        except Problem as problem:
            return problem.code.value

    return one


def on_behalf(subject: str, idempotency_key: str, run: str = "pinned") -> Ask:
    """A small refund in one run, on behalf of a customer."""
    return Ask(
        action_type="bench.refund",
        parameters={"customer": idempotency_key, "amount": {"amount": "1.00", "currency": "USD"}},
        claims={},
        run=run,
        subject=subject,
        body_hash=hashlib.sha256(idempotency_key.encode()).digest(),
        idempotency_key=idempotency_key,
    )


def twins(*, key: str, rounds: int) -> Callable[[int], str]:
    """Ask the same thing under the same key in every thread of every process: the id of the action."""
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= rounds:
            return "finished"
        request = Ask(
            action_type="bench.refund",
            parameters={"customer": f"twin-{turn}", "amount": {"amount": "1.00", "currency": "USD"}},
            claims={},
            run=f"twin-{turn}",
            subject=None,
            body_hash=hashlib.sha256(f"twin-{turn}".encode()).digest(),
            idempotency_key=f"twin-{turn}",
        )
        try:
            return f"{turn}:{ask(credential, request).body['id']}"
        except Problem as problem:
            return problem.code.value

    return one
