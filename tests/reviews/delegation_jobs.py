"""What racing processes do with delegations; listed in `tests.reviews.jobs`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from uuid import UUID

from governance.authenticate import Credential, hash_key, identify
from governance.delegate import issue_ticket
from governance.models import Ticket
from governance.problems import Problem
from reviews.asks import Ask
from reviews.intake import ask


def delegated(*, key: str) -> Callable[[int], str]:
    """Ask for refunds of ever new customers under the newest ticket that is in force: the outcome, or why not."""
    credential = Credential(hash_key(key))

    def one(number: int) -> str:
        under = Ticket.objects.filter(revoked_at=None).order_by("-issued_at").values_list("pk", flat=True).first()
        if under is None:
            return "nothing in force"
        request = Ask(
            action_type="bench.refund",
            parameters={"customer": f"c-{number}", "amount": {"amount": "1.00", "currency": "USD"}},
            claims={},
            run=f"run-{number}",
            subject=None,
            body_hash=hashlib.sha256(f"{number}".encode()).digest(),
            idempotency_key=f"k-{number}",
            delegation=under,
        )
        try:
            return str(ask(credential, request).body["outcome"])
        except Problem as problem:
            return problem.code.value

    return one


def givers(*, keys: list[str], agents: list[str], rounds: int) -> Callable[[int], str]:
    """Each process gives one ticket a round, the first from the first agent to the second, others the other way."""

    def one(number: int) -> str:
        process, turn = number // 1_000_000, number % 10_000
        if turn >= rounds:
            return "finished"
        side = (process + turn) % 2
        caller = identify(Credential(hash_key(keys[side])))
        assert caller is not None
        try:
            issue_ticket(
                caller=caller,
                child=str(UUID(agents[1 - side])),
                action_types=["bench.refund"],
                seconds=60,
                request_key=f"t-{number}",
                request_hash=bytes(32),
            )
        except Problem as problem:
            return problem.code.value
        return f"given {side}"

    return one
