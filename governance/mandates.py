from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import REVIEWER, By, groups_of, require_council
from governance.guards import invalid
from governance.models import ActionType, Mandate
from governance.policy.tiers import Risk
from governance.problems import Code, Problem

MOST_MONEY = 10**15


@transaction.atomic
def set_mandate(
    user: User,
    *,
    rank: int,
    money_limit: int,
    max_risk: Risk = Risk.MEDIUM,
    action_types: Collection[ActionType] = (),
    expires_at: datetime | None = None,
    by: By,
) -> Mandate:
    """What this reviewer may decide. `money_limit` in minor units; no `action_types` means all of them.

    Nobody sets their own. Problems: FORBIDDEN, INVALID (not a reviewer, out of range, expired).
    """
    actor = _somebody_else(user, by)
    # verdicts hold it shared: each is given wholly under the old mandate or wholly under the new one
    now = locks.hold_authority()
    if REVIEWER not in groups_of(user):
        raise invalid("/reviewer", "A mandate is given to an active reviewer.")
    _check(rank, money_limit, max_risk)
    if expires_at is not None and expires_at <= now:
        raise invalid("/expires_at", "A mandate expires in the future; revoke it to end it now.")
    held = Mandate.objects.select_for_update().filter(reviewer=user).first()
    before = None if held is None else _terms(held)
    mandate = held or Mandate(reviewer=user)
    mandate.rank, mandate.money_limit, mandate.max_risk = rank, money_limit, int(max_risk)
    mandate.expires_at = expires_at
    mandate.save()
    mandate.action_types.set(action_types)
    wider = before is None or _wider(before, _terms(mandate))
    body = {
        "reviewer": user.get_username(),
        "mandate": mandate.pk,
        "from": before,
        "to": _terms(mandate),
        "widening": wider,
    }
    record.append(event=record.Event.MANDATE_SET, actor=actor, body=body)
    return mandate


@transaction.atomic
def revoke_mandate(user: User, *, by: By) -> None:
    """End a reviewer's authority at once. Problems: FORBIDDEN, WRONG_STATE (there is none)."""
    actor = require_council(by)
    locks.hold_authority()
    held = Mandate.objects.select_for_update().filter(reviewer=user).first()
    if held is None:
        raise Problem(Code.WRONG_STATE, "This reviewer has no mandate.")
    body = {"reviewer": user.get_username(), "mandate": held.pk, "from": _terms(held)}
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


def _wider(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether any term reaches further than it did. No action types are all of them; no expiry is the latest."""
    if any(after[name] > before[name] for name in ("rank", "money_limit", "max_risk")):
        return True
    held, wanted = set(before["action_types"]), set(after["action_types"])
    if held and not (wanted and wanted <= held):
        return True
    until = before["expires_at"]
    return until is not None and (after["expires_at"] is None or after["expires_at"] > until)


def _terms(mandate: Mandate) -> dict[str, Any]:
    expires_at = mandate.expires_at
    return {
        "rank": mandate.rank,
        "money_limit": mandate.money_limit,
        "max_risk": int(mandate.max_risk),
        "action_types": sorted(mandate.action_types.values_list("key", flat=True)),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
    }
