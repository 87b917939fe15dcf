"""The verb that judges a drawn action: sound or unsound, once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from governance import locks, record
from governance.entries import current
from governance.errors import keep_errors
from governance.models import Action, Permission, Snapshot, SnapshotStatus
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from governance.records.snapshots import store
from governance.redden import hold_standing
from reviews.models import Draw, Finding, UnsoundReason
from reviews.reviewers import Matter, held_mandate, outside, refuse_own, require_practised, require_reviewer
from reviews.statistics import LIMITS, error_rates
from reviews.verify import BY, read_now


def look_again(draw_id: UUID) -> Snapshot:
    """What the record says now about a drawn action, read once and kept; not to be called in a transaction.

    The reading of the decision stays the older snapshot of the same action. Problem NOT_FOUND.
    """
    draw = _draw(draw_id)
    held = latest_look(draw)
    if held is not None:
        return held
    found = read_now(draw.action)
    with transaction.atomic():
        snapshot = store(found)
        body = {
            "draw": str(draw.pk),
            "action": str(draw.action_id),
            "snapshot": snapshot.pk,
            "status": snapshot.status,
            "digest": found.digest.hex(),
        }
        record.append(event=record.Event.CASE_VERIFIED, actor=BY, body=body)
    return snapshot


def decided_on(draw: Draw) -> Snapshot | None:
    """The reading the machine decided on; None for a type whose facts are not read before deciding."""
    if draw.action.decision.inputs.get("facts") is None:
        return None
    return draw.action.snapshots.order_by("pk").first()


def latest_look(draw: Draw) -> Snapshot | None:
    """The newest reading made for the review of a draw; an outage is none."""
    readings = draw.action.snapshots.exclude(status=SnapshotStatus.UNAVAILABLE).order_by("-pk")
    before = decided_on(draw)
    return (readings if before is None else readings.exclude(pk=before.pk)).first()


def judge_draw(draw_id: UUID, *, reviewer: User, sound: bool, reason: str = "") -> Finding:
    """Find a drawn action sound, or unsound for a preset reason.

    Problems: NOT_FOUND, INVALID (an unsound one without reason, a sound one with), FORBIDDEN,
    PRACTICE_FIRST, OWN_AGENT, OUTSIDE_MANDATE, ALREADY_DECIDED (saying by whom).
    """
    if (reason == "") is not sound or (not sound and reason not in UnsoundReason.values):
        raise Problem(Code.INVALID, "An unsound action has one of the reasons.", fields=(("/reason", "unknown"),))
    try:
        return _judge(draw_id, reviewer, sound, reason)
    except IntegrityError as error:
        raise _judged(Finding.objects.select_related("reviewer").get(draw_id=draw_id)) from error


@transaction.atomic
def _judge(draw_id: UUID, reviewer: User, sound: bool, reason: str) -> Finding:
    # a demotion stands wholly before this finding or wholly after it
    locks.share_authority()
    draw = _draw(draw_id)
    mandate = held_mandate(reviewer)
    now = locks.database_now()
    require_reviewer(reviewer)
    require_practised(reviewer)
    before = Finding.objects.select_related("reviewer").filter(draw=draw).first()
    if before is not None:
        raise _judged(before)
    refuse_own(reviewer, draw.action, latest_look(draw) or decided_on(draw))
    # what happened has happened: the money limit bounds what may still be allowed, not what may be judged
    why = outside(mandate, Matter(action_type=draw.action.action_type_id, risk=Risk.LOW), now)
    if why is not None:
        raise Problem(Code.OUTSIDE_MANDATE, why)
    finding = Finding.objects.create(
        draw=draw, reviewer=reviewer, sound=sound, reason=reason, snapshot=latest_look(draw), found_at=now
    )
    body = {
        "draw": str(draw.pk),
        "action": str(draw.action_id),
        "finding": finding.pk,
        "sound": sound,
        "reason": reason,
        "snapshot": finding.snapshot_id,
        "standing": _measured(draw.action),
    }
    record.append(event=record.Event.DRAW_JUDGED, actor=f"user:{reviewer.get_username()}", body=body)
    return finding


def _measured(action: Action) -> list[dict[str, Any]]:
    """Turn red when all of the range of the error rate is above its limit, by all findings now; what turned.

    Counted is what was decided since the level was given or last lowered: that is a new attempt.
    """
    # whoever judges another action of this agent waits, and then counts this finding too
    hold_standing(action.agent_id)
    held = Permission.objects.filter(agent=action.agent_id, action_type=action.action_type_id).first()
    entry = current(action.action_type_id)
    if held is None or entry is None:
        return []
    key, limit = entry.spec.key, LIMITS[entry.spec.base_risk]
    shown = error_rates(action.agent_id, [key], since=held.counted_from)[key].range
    return keep_errors(action.agent_id, action.action_type_id, too_many=shown.low > limit)


def _draw(draw_id: UUID) -> Draw:
    draw = Draw.objects.select_related("action").filter(pk=draw_id).first()
    if draw is None:
        raise Problem(Code.NOT_FOUND, "This draw does not exist.")
    return draw


def _judged(finding: Finding) -> Problem:
    name, what = finding.reviewer.get_username(), "sound" if finding.sound else "unsound"
    return Problem(
        Code.ALREADY_DECIDED,
        f"{name} found this action {what}.",
        extra={"decided_by": name, "finding": what, "decided_at": finding.found_at.isoformat()},
    )
