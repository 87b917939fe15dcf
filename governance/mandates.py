from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.db import connection, transaction

from governance import locks, record
from governance.actors import REVIEWER, By, groups_of, require_council
from governance.guards import invalid, require_an_end
from governance.models import ActionType, Mandate, Qualification
from governance.policy.mandates import MOST_DECISIONS, live, wider
from governance.policy.tiers import Risk
from governance.policy.working_hours import DAYS, Hours
from governance.problems import Code, Problem

MOST_MONEY = 10**15


@transaction.atomic
def set_mandate(
    user: User,
    *,
    rank: int,
    money_limit: int,
    max_risk: Risk = Risk.MEDIUM,
    action_types: Collection[ActionType] | Mapping[ActionType, datetime | None] = (),
    expires_at: datetime | None = None,
    hours: Hours | None = None,
    per_hour: int | None = None,
    per_day: int | None = None,
    by: By,
) -> Mandate:
    """What this reviewer may decide. `money_limit` in minor units; no `action_types` means all of them.

    A mapping says until when they are qualified for each type. `hours` None: at any time. `per_hour` and `per_day` are
    the most verdicts of any 60 minutes and any 24 hours. Nobody sets their own. Problems: FORBIDDEN, INVALID (not a
    reviewer, out of range, ended already or after a hundred years, no such time zone).
    """
    actor = _somebody_else(user, by)
    _check_hours(hours)
    # verdicts hold it shared: each is given wholly under the old mandate or wholly under the new one
    now = locks.hold_authority()
    if REVIEWER not in groups_of(user):
        raise invalid("/reviewer", "A mandate is given to an active reviewer.")
    _check(rank, money_limit, max_risk)
    _check_load(per_hour, per_day)
    if expires_at is not None and expires_at <= now:
        raise invalid("/expires_at", "A mandate expires in the future; revoke it to end it now.")
    if expires_at is not None:
        require_an_end("/expires_at", expires_at, now)
    held = Mandate.objects.select_for_update().filter(reviewer=user).first()
    before, said = (None, None) if held is None else (held.terms, _said(held))
    wanted = dict(action_types) if isinstance(action_types, Mapping) else dict.fromkeys(action_types)
    _check_ends(wanted, {} if before is None else before.qualified, now)
    mandate = held or Mandate(reviewer=user)
    mandate.rank, mandate.money_limit, mandate.max_risk = rank, money_limit, int(max_risk)
    mandate.expires_at, mandate.per_hour, mandate.per_day = expires_at, per_hour, per_day
    mandate.work_zone, mandate.work_days = ("", []) if hours is None else (hours.zone, sorted(hours.days))
    mandate.work_from, mandate.work_until = (None, None) if hours is None else (hours.begins, hours.ends)
    mandate.save()
    _qualify(mandate, wanted)
    body = {
        "reviewer": user.get_username(),
        "mandate": mandate.pk,
        "from": said,
        "to": _said(mandate),
        "widening": before is None or wider(before, mandate.terms),
    }
    record.append(event=record.Event.MANDATE_SET, actor=actor, body=body)
    return mandate


def _qualify(mandate: Mandate, wanted: Mapping[ActionType, datetime | None]) -> None:
    mandate.qualifications.exclude(action_type__in=list(wanted)).delete()
    for action_type, until in wanted.items():
        Qualification.objects.update_or_create(mandate=mandate, action_type=action_type, defaults={"expires_at": until})


@transaction.atomic
def revoke_mandate(user: User, *, by: By) -> None:
    """End a reviewer's authority at once. Problems: FORBIDDEN, WRONG_STATE (there is none)."""
    actor = require_council(by)
    locks.hold_authority()
    held = Mandate.objects.select_for_update().filter(reviewer=user).first()
    if held is None:
        raise Problem(Code.WRONG_STATE, "This reviewer has no mandate.")
    body = {"reviewer": user.get_username(), "mandate": held.pk, "from": _said(held)}
    held.delete()
    record.append(event=record.Event.MANDATE_REVOKED, actor=actor, body=body)


def _somebody_else(user: User, by: By) -> str:
    actor = require_council(by)
    if actor == f"user:{user.get_username()}":
        raise Problem(Code.FORBIDDEN, "Nobody sets their own mandate: ask another member of the council.")
    return actor


def _check(rank: int, money_limit: int, max_risk: Risk) -> None:
    if rank not in (1, 2, 3):
        raise invalid("/rank", "A rank is 1, 2 or 3.")
    if not 0 <= money_limit <= MOST_MONEY:
        raise invalid("/money_limit", "A money limit is not negative and has at most 15 digits.")
    if max_risk not in tuple(Risk):
        raise invalid("/max_risk", "A risk is low, medium or high.")


def _check_hours(hours: Hours | None) -> None:
    if hours is None:
        return
    if hours.zone not in _zones():
        raise invalid("/work_zone", "This is no time zone, such as Europe/Berlin.")
    if not hours.days or not hours.days <= {*DAYS}:
        raise invalid("/work_days", "Working hours are on one day of the week at least.")


def _check_load(per_hour: int | None, per_day: int | None) -> None:
    for name, most in (("/per_hour", per_hour), ("/per_day", per_day)):
        if most is not None and not 1 <= most <= MOST_DECISIONS:
            raise invalid(name, f"A load is 1 to {MOST_DECISIONS} verdicts; without one there is no limit.")


def _check_ends(
    wanted: Mapping[ActionType, datetime | None], held: Mapping[int, datetime | None], now: datetime
) -> None:
    """One that has ended may stay as it is; nothing ends in the past by being set."""
    for action_type, until in wanted.items():
        if not live(until, now) and held.get(action_type.pk) != until:
            raise invalid("/qualified", f"A qualification ends in the future: {action_type.key}.")
        if until is not None:
            require_an_end("/qualified", until, now)


@cache
def _zones() -> frozenset[str]:
    """The names that both this process and the database know: what one computes the other understands."""
    with connection.cursor() as cursor:
        cursor.execute("select name from pg_timezone_names")
        known = {row[0] for row in cursor.fetchall()}
    return frozenset(known & available_timezones())


def _said(mandate: Mandate) -> dict[str, Any]:
    """What the ledger says of a mandate."""
    hours, named = mandate.hours, mandate.qualifications.select_related("action_type").order_by("action_type__key")
    return {
        "rank": mandate.rank,
        "money_limit": mandate.money_limit,
        "max_risk": int(mandate.max_risk),
        "action_types": [each.action_type.key for each in named],
        "ends": {each.action_type.key: each.expires_at.isoformat() for each in named if each.expires_at is not None},
        "expires_at": None if mandate.expires_at is None else mandate.expires_at.isoformat(),
        "hours": None
        if hours is None
        else [hours.zone, sorted(hours.days), f"{hours.begins:%H:%M}", f"{hours.ends:%H:%M}"],
        "per_hour": mandate.per_hour,
        "per_day": mandate.per_day,
    }
