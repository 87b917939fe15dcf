"""Who may approve a case, and the first reason why somebody may not. Pure: people and case are values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from governance.policy.mandates import Terms, free_at, live
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.tiers import Risk
from governance.policy.working_hours import at_work, begins_again

TOP_RANK = 3


class Hindrance(StrEnum):
    """Why somebody may not approve a case now, in the order in which it is told."""

    PRACTICE = "practice"
    OWN_AGENT = "own_agent"
    OWN_ACCOUNT = "own_account"
    OWN_PROPOSAL = "own_proposal"
    TOOK_PART = "took_part"
    NO_MANDATE = "no_mandate"
    EXPIRED = "expired"
    RANK = "rank"
    RISK = "risk"
    TYPE = "type"
    QUALIFICATION = "qualification"
    AMOUNT = "amount"
    MONEY = "money"
    ABSENT = "absent"
    HOURS = "hours"
    LOAD = "load"


# Nothing before their practice, nothing that is their own, and nothing twice: they do not reject it either.
NEVER = (Hindrance.PRACTICE, Hindrance.OWN_AGENT, Hindrance.OWN_ACCOUNT, Hindrance.OWN_PROPOSAL, Hindrance.TOOK_PART)


@dataclass(frozen=True, slots=True)
class Matter:
    """What a mandate is held against. `amount` in minor units; None with `is_money`: it is not known."""

    action_type: int
    risk: Risk
    rank: int = 1
    is_money: bool = False
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What counts of one reviewer. `ties` are those of `NEVER` that bind them to this very case.

    `away_until`: the end of an absence in which they are. `decided` are the moments of their verdicts of 24 hours.
    """

    terms: Terms | None
    ties: Collection[Hindrance] = ()
    away_until: datetime | None = None
    decided: tuple[datetime, ...] = field(default=())


def hindrance(person: Person, matter: Matter, now: datetime) -> Hindrance | None:
    """The first reason why this person may not approve; None when they may."""
    tied = next((each for each in NEVER if each in person.ties), None)
    return tied or beyond(person.terms, matter, now) or away(person, now) or loaded(person, now)


def beyond(terms: Terms | None, matter: Matter, now: datetime) -> Hindrance | None:
    """Why a mandate does not reach this matter; None when it does."""
    if terms is None:
        return Hindrance.NO_MANDATE
    if not live(terms.expires_at, now):
        return Hindrance.EXPIRED
    if terms.rank < matter.rank:
        return Hindrance.RANK
    if terms.max_risk < matter.risk:
        return Hindrance.RISK
    if terms.qualified and matter.action_type not in terms.qualified:
        return Hindrance.TYPE
    if terms.qualified and not live(terms.qualified[matter.action_type], now):
        return Hindrance.QUALIFICATION
    if not matter.is_money:
        return None
    if matter.amount is None:
        return None if terms.rank >= TOP_RANK else Hindrance.AMOUNT
    return None if matter.amount <= terms.money_limit else Hindrance.MONEY


def away(person: Person, now: datetime) -> Hindrance | None:
    """Whether they are absent, or outside their working hours."""
    if person.away_until is not None and person.away_until > now:
        return Hindrance.ABSENT
    hours = None if person.terms is None else person.terms.hours
    return None if hours is None or at_work(hours, ZoneInfo(hours.zone), now) else Hindrance.HOURS


def loaded(person: Person, now: datetime) -> Hindrance | None:
    """Whether they gave as many verdicts as their mandate allows."""
    if person.terms is None or free_at(person.decided, person.terms, now) is None:
        return None
    return Hindrance.LOAD


def why_beyond(terms: Terms | None, matter: Matter, now: datetime) -> str | None:
    """Why a mandate does not reach this matter, in one sentence to its holder; None when it does."""
    found = beyond(terms, matter, now)
    if found is None:
        return None
    if terms is None:
        return _PLAIN[found]
    if found is Hindrance.RANK:
        return f"This case needs rank {matter.rank}; yours is {terms.rank}."
    if found is Hindrance.RISK:
        return f"Your mandate ends at {Risk(terms.max_risk).name.lower()} risk; this is {matter.risk.name.lower()}."
    if found is Hindrance.MONEY:
        limit, amount = (format_money(minor, REFERENCE_CURRENCY) for minor in (terms.money_limit, matter.amount or 0))
        return f"Your mandate ends at {limit}; this is {amount}."
    return _PLAIN[found]


def why_away(person: Person, now: datetime) -> str | None:
    """Why they do not decide now, in one sentence to them; None when they do."""
    found = away(person, now)
    if found is None:
        return None
    if found is Hindrance.ABSENT and person.away_until is not None:
        return f"You are away until {_moment(person.away_until)}: end your absence first."
    hours = None if person.terms is None else person.terms.hours
    again = None if hours is None else begins_again(hours, ZoneInfo(hours.zone), now)
    if again is None:
        return "This is outside your working hours."
    return f"This is outside your working hours; they begin again at {_moment(again)}."


def why_loaded(person: Person, now: datetime) -> str | None:
    """Why they approve no more for now, in one sentence to them; None when they may."""
    if person.terms is None:
        return None
    again = free_at(person.decided, person.terms, now)
    if again is None:
        return None
    return f"You gave as many verdicts as your mandate allows. You can approve again at {_moment(again)}."


def why_not(person: Person, matter: Matter, now: datetime) -> str | None:
    """Why they may not approve this matter now, ties aside, in one sentence to them; None when they may."""
    return why_beyond(person.terms, matter, now) or why_away(person, now) or why_loaded(person, now)


def why_idle(person: Person, now: datetime) -> str | None:
    """Why they may approve no case at all just now, in one sentence to them; None when there are some they may."""
    if person.terms is None:
        return _PLAIN[Hindrance.NO_MANDATE]
    if not live(person.terms.expires_at, now):
        return _PLAIN[Hindrance.EXPIRED]
    return why_away(person, now) or why_loaded(person, now)


def _moment(moment: datetime) -> str:
    """As pages find it again, to tell it in the time zone of whoever reads."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


_PLAIN = {
    Hindrance.NO_MANDATE: "You have no mandate.",
    Hindrance.EXPIRED: "Your mandate has expired.",
    Hindrance.TYPE: "Your mandate does not name this action type.",
    Hindrance.QUALIFICATION: "Your qualification for this action type has ended.",
    Hindrance.AMOUNT: f"The amount is not known; that needs rank {TOP_RANK}.",
}
