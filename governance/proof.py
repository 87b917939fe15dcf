"""Whether a person has just shown that it is them: what high risk and every widening asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from governance.cursors import kept
from governance.problems import Code, Problem

FRESH = timedelta(minutes=5)

_FACTORS = """
select
  exists (select 1 from mfa_authenticator where user_id = %(id)s and type in ('totp', 'webauthn')),
  exists (select 1 from auth_user_groups m join auth_group g on g.id = m.group_id
    where m.user_id = %(id)s and g.name = 'council')
  or exists (select 1 from governance_mandate where reviewer_id = %(id)s and rank >= 2)
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """When a person last proved who they are, by the database's clock, and whether with a second factor."""

    person: int
    at: datetime
    second: bool


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts in a browser, with what proof. Commands and workers have none of this."""

    person: int
    proof: Proof | None


_acting: ContextVar[Acting | None] = ContextVar("placet_acting", default=None)


@contextmanager
def acting(person: int, proof: Proof | None) -> Iterator[None]:
    """Everything in the block is done by this person in their browser."""
    token = _acting.set(Acting(person, proof))
    try:
        yield
    finally:
        _acting.reset(token)


def has_second_factor(person: int) -> bool:
    """Whether an authenticator app or a passkey is enrolled."""
    return _factors(person)[0]


def second_factor_wanted(person: int) -> bool:
    """Whether this person must enrol a second factor and has none."""
    enrolled, must = _factors(person)
    return must and not enrolled and settings.PLACET_REQUIRE_MFA


def lacking(person: int, proof: Proof | None, now: datetime) -> Problem | None:
    """What a person must do first: enrol a second factor, or confirm that it is them. None when neither.

    A proof is good for five minutes by the database's clock; who has a second factor proves it with that one.
    """
    enrolled, must = _factors(person)
    if must and not enrolled and settings.PLACET_REQUIRE_MFA:
        return Problem(Code.SECOND_FACTOR_MISSING, "Set up a second factor first, under Security.")
    if proof is None or proof.person != person or not now - FRESH <= proof.at or (enrolled and not proof.second):
        return Problem(Code.CONFIRM_IDENTITY, "Confirm first that it is you: nothing has been done yet.")
    return None


def require(person: int, proof: Proof | None, now: datetime) -> None:
    """Problems: SECOND_FACTOR_MISSING, CONFIRM_IDENTITY."""
    problem = lacking(person, proof, now)
    if problem is not None:
        raise problem


def require_of_whoever_acts() -> None:
    """The same of the person whose browser asks now; nothing is asked of commands and workers."""
    found = _acting.get()
    if found is None:
        return
    with kept() as cursor:
        cursor.execute("select clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    require(found.person, found.proof, now)


def _factors(person: int) -> tuple[bool, bool]:
    """Whether they have a second factor, and whether they must."""
    with kept() as cursor:
        cursor.execute(_FACTORS, {"id": person})
        enrolled, must = cursor.fetchone()
    return bool(enrolled), bool(must)
