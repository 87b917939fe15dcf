"""What agents do at once while people halt and narrow: ask, redeem, continue, report."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from unittest.mock import patch
from uuid import UUID

from governance import locks
from governance.authenticate import Credential, hash_key, identify
from governance.policy.decision import Decision
from governance.problems import Problem
from reviews import checkpoint, redeem, report
from reviews.intake import Ask, ask
from reviews.reconsider import reconsider


def runners(
    *, keys: list[str], unlocked: bool = False, slow: bool = False, blind: bool = False, checkpoints: int = 3
) -> Callable[[int], str]:
    """Ask for a refund, use its grant, ask at checkpoints whether to go on, report; how far it came.

    Every run belongs to one of the keys in turn, and renews its lease each time. `slow`: the verbs dawdle between
    judging and writing. `blind`: they do not take the lock of the standing. `unlocked`: slow, without the
    authority lock.
    """
    patch.object(checkpoint, "EARLIEST", 0).start()
    if slow or unlocked:
        _dawdle()
    if blind:
        patch.object(locks, "share_standing", _nothing).start()
    if unlocked:
        patch.object(locks, "share_authority", locks.database_now).start()

    def one(number: int) -> str:
        credential = Credential(hash_key(keys[number % len(keys)]))
        try:
            answer = ask(credential, _wish(number))
            if answer.body["outcome"] != "execute":
                return str(answer.body["outcome"])
            caller = identify(credential)
            if caller is None:
                return "unauthenticated"
            redeem.redeem(UUID(answer.body["grant"]["id"]), caller=caller, digest=answer.body["action_digest"])
            action = UUID(answer.body["id"])
            for _ in range(checkpoints):
                stop = checkpoint.checkpoint(action, caller=caller).stop
                if stop is not None:
                    return f"stopped: {stop.value}"
            report.report(action, caller=caller, status="succeeded")
        except Problem as problem:
            time.sleep(0.005)  # whoever lost its key leaves the machine to the others
            return problem.code.value
        return "succeeded"

    return one


def _nothing(agent: UUID, ticket: UUID | None) -> None:
    """What stands in for a guard that is taken out."""


def _dawdle() -> None:
    """In this process, for as long as it lives."""
    for verb in (checkpoint, redeem):
        patch.object(verb, "reconsider", _dawdling).start()


def _dawdling(action_id: UUID, *, key: bytes, by_policy: bool) -> Decision:
    decision = reconsider(action_id, key=key, by_policy=by_policy)
    time.sleep(random.random() * 0.02)
    return decision


def _wish(number: int) -> Ask:
    return Ask(
        action_type="bench.refund",
        parameters={"customer": f"c-{number}", "amount": {"amount": "1.00", "currency": "USD"}},
        claims={},
        run=f"run-{number}",
        subject=None,
        body_hash=hashlib.sha256(f"{number}".encode()).digest(),
        idempotency_key=f"k-{number}",
    )
