from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError

from governance.problems import Code, Problem

LONGEST = timedelta(days=36_525)
# What the guards of the migrations raise, for people who meet them first.
_TOLD: dict[str, tuple[Code, str]] = {
    "PL012": (
        Code.ABOVE_PARENT,
        "Nothing stands above its parent, and a chain of agents has no cycle and no ninth link.",
    ),
    "PL013": (Code.WRONG_STATE, "This row is frozen."),
    "PL014": (Code.INVALID, "The ledger names people by user name: it is never changed."),
    "PL015": (Code.WRONG_STATE, "A halt is only ever lifted, once."),
    "PL016": (Code.WRONG_STATE, "A key belongs to one agent, is revoked once and never lives longer."),
    "PL017": (Code.WRONG_STATE, "A record is bound to this action type already."),
    "PL018": (Code.WRONG_STATE, "What a person pulled only a person restores, and strikes are not set by hand."),
    "PL040": (Code.WRONG_STATE, "What a version of a bundle says never changes, and it is never deleted."),
    "PL019": (Code.INVALID, "The enterprise belongs to the council: it has no stewards."),
    "PL020": (
        Code.WRONG_STATE,
        "No agent reports on what it, or an agent above or below it, has a permission to use.",
    ),
    "55P03": (Code.UNAVAILABLE, "What this changes is in use at this moment. Nothing happened: please try again."),
    "23505": (Code.INVALID, "This name or key is taken."),
}


@contextmanager
def told() -> Iterator[None]:
    """Turn a refusal by a guard of the database into a `Problem`; put it around the transaction."""
    try:
        yield
    except DatabaseError as error:
        known = _TOLD.get(getattr(error.__cause__, "sqlstate", None) or "")
        if known is None:
            raise
        raise Problem(*known) from error


def invalid(pointer: str, sentence: object) -> Problem:
    """The problem of one field of a form or document."""
    return Problem(Code.INVALID, str(sentence), fields=((pointer, str(sentence)),))


def require_an_end(pointer: str, ends: datetime, now: datetime) -> None:
    """Problem INVALID where it ends after a hundred years: past the year 9999 the database keeps what nobody reads."""
    if ends - now > LONGEST:
        raise invalid(pointer, "An end lies within a hundred years.")
