"""What agents do with their own keys in a race: each returns a function from a number to an outcome."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

from governance import locks, rotate
from governance.authenticate import new_key
from governance.problems import Problem
from tests.governance.family import caller_of


def rotators(*, keys: list[str], requests: int, guarded: bool = True) -> Callable[[int], str]:
    """Ask for a successor of each key in turn, by a few requests that others send too; finished after the last key."""
    callers = [caller_of(key) for key in keys]
    connection.close()  # each of the threads needs one of the pool
    rotate.new_key = _slowly  # type: ignore[attr-defined]
    if not guarded:
        locks.hold_authority = locks.database_now

    def one(number: int) -> str:
        turn = number % 10_000
        if turn >= len(callers):
            return "finished"
        try:
            rotate.rotate_key(caller=callers[turn], request_key=f"k-{number % requests}")
        except Problem as problem:
            return problem.code.value
        return "rotated"

    return one


def _slowly() -> tuple[str, str, bytes]:
    """So that what was read before has time to grow old."""
    time.sleep(0.01)
    return new_key()
