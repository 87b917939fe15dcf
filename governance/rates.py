from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.db import connection, transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.guards import invalid
from governance.models import Rate
from governance.policy.codes import EXPONENTS
from governance.policy.money import REFERENCE_CURRENCY, Money, Pinned, in_reference

# An older rate is none: what it says of today is not known.
MOST_AGE = timedelta(days=7)
_DIGITS, _LARGEST = 12, Decimal(10) ** 9

# The rate in force at a moment; where there was none, the first that was pinned after it, so that a case that waits
# can be judged. Both stay what they are as time goes on.
_RATE = """
select rate, valid_from from (
  (select rate, valid_from, 0 as turn from governance_rate where currency = %(currency)s
    and valid_from <= coalesce(%(at)s, clock_timestamp())
    and valid_from > coalesce(%(at)s, clock_timestamp()) - %(age)s::interval order by valid_from desc limit 1)
  union all
  (select rate, valid_from, 1 from governance_rate where currency = %(currency)s and valid_from > %(at)s
    order by valid_from limit 1)) found order by turn limit 1
"""


@dataclass(frozen=True, slots=True)
class Valued:
    """An amount in minor units of the reference currency. None: not known, for want of a rate if `without_rate`."""

    amount: int | None = None
    without_rate: bool = False
    pinned: Pinned | None = None


NO_AMOUNT = Valued()


@transaction.atomic
def pin_rate(currency: str, rate: Decimal, *, by: By) -> Rate:
    """State what one unit of a currency is worth in the reference currency, from now on and for seven days at most.

    Between 0 and 1,000,000,000, at most 12 digits after the point. Problems: FORBIDDEN, INVALID.
    """
    actor = require_council(by)
    if currency not in EXPONENTS or currency == REFERENCE_CURRENCY:
        raise invalid("/currency", f"A known currency other than {REFERENCE_CURRENCY} is expected.")
    if not _fits(rate):
        raise invalid("/rate", "A rate is between 0 and 1,000,000,000 with at most 12 digits after the point.")
    now = locks.database_now()
    pinned = Rate.objects.create(currency=currency, rate=rate, valid_from=now, pinned_by=actor)
    body = {"rate": pinned.pk, "currency": currency, "value": f"{rate.normalize():f}", "valid_from": now.isoformat()}
    record.append(event=record.Event.RATE_PINNED, actor=actor, body=body)
    return pinned


def valued(money: Money | None, *, at: datetime | None = None, pinned: Pinned | None = None) -> Valued:
    """An amount in the reference currency, rounded up. One that is in it already costs no look at any rate.

    `at`: when it was asked for, None for now. `pinned`: the rate that was used for it before, which stays.
    """
    if money is None:
        return NO_AMOUNT
    if money.currency == REFERENCE_CURRENCY:
        return Valued(money.minor)
    found = pinned if pinned is not None and pinned.currency == money.currency else _pinned(money.currency, at)
    if found is None:
        return Valued(without_rate=True)
    return Valued(in_reference(money, found.rate), pinned=found)


def _pinned(currency: str, at: datetime | None) -> Pinned | None:
    with connection.cursor() as cursor:
        cursor.execute(_RATE, {"currency": currency, "at": at, "age": f"{MOST_AGE.days} days"})
        row = cursor.fetchone()
    return None if row is None else Pinned(currency, row[0].normalize(), row[1].date().isoformat())


def _fits(rate: Decimal) -> bool:
    try:
        return rate.is_finite() and 0 < rate < _LARGEST and rate == round(rate, _DIGITS)
    except InvalidOperation:
        return False
