from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import connection

from governance.cursors import kept
from governance.digest import canonical
from governance.proof import require_of_whoever_acts


class Event(StrEnum):
    """What the ledger can say. One verb appends one event with the ids of every row it wrote."""

    INSTANCE_BORN = "instance_born"
    PERSON_ENROLLED = "person_enrolled"
    PERSON_CHANGED = "person_changed"
    SCOPE_CREATED = "scope_created"
    SCOPE_RENAMED = "scope_renamed"
    STEWARDS_SET = "stewards_set"
    CEILING_NARROWED = "ceiling_narrowed"
    CEILING_WIDENED = "ceiling_widened"
    AGENT_REGISTERED = "agent_registered"
    AGENT_CHANGED = "agent_changed"
    DELEGATED = "delegated"
    DELEGATION_ENDED = "delegation_ended"
    KEY_ISSUED = "key_issued"
    KEY_REVOKED = "key_revoked"
    ACTION_TYPE_SAVED = "action_type_saved"
    BINDING_SAVED = "binding_saved"
    BINDING_REQUESTED = "binding_requested"
    LACK_TOLD = "lack_told"
    LACKS_ANSWERED = "lacks_answered"
    PERMISSION_SET = "permission_set"
    PERMISSION_REVOKED = "permission_revoked"
    LEVEL_LOWERED = "level_lowered"
    STANDING_PULLED = "standing_pulled"
    STANDING_RESTORED = "standing_restored"
    RATE_PINNED = "rate_pinned"
    WATCH_SET = "watch_set"
    WATCH_ENDED = "watch_ended"
    TOOL_SIGNALLED = "tool_signalled"
    TOOL_TURNED_RED = "tool_turned_red"
    MANDATE_SET = "mandate_set"
    MANDATE_REVOKED = "mandate_revoked"
    POLICY_PROPOSED = "policy_proposed"
    POLICY_ACTIVATED = "policy_activated"
    POLICY_RETIREMENT_ASKED = "policy_retirement_asked"
    POLICY_RETIRED = "policy_retired"
    POLICY_SHADOWED = "policy_shadowed"
    POLICY_BROKEN = "policy_broken"
    POLICY_MENDED = "policy_mended"
    HALTED = "halted"
    LIFTED = "lifted"
    RECOVERY_ENDED = "recovery_ended"
    CONTRACT_BREACHED = "contract_breached"
    ACTION_DECIDED = "action_decided"
    CASE_VERIFIED = "case_verified"
    CASE_TAKEN = "case_taken"
    CASE_SHOWN = "case_shown"
    CASE_RELEASED = "case_released"
    CASE_HANDED_ON = "case_handed_on"
    CASE_SKIPPED = "case_skipped"
    CASE_EXPIRED = "case_expired"
    CASE_EXTENDED = "case_extended"
    CASE_RAISED = "case_raised"
    QUEUE_FILLED = "queue_filled"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_ACKNOWLEDGED = "case_acknowledged"
    CASE_SUPERSEDED = "case_superseded"
    PRACTICE_ANSWERED = "practice_answered"
    PRACTICE_WAIVED = "practice_waived"
    SEALED_OPENED = "sealed_opened"
    REJECT_REASON_ADDED = "reject_reason_added"
    REJECT_REASON_RETIRED = "reject_reason_retired"
    VERDICT_GIVEN = "verdict_given"
    VERDICT_WITHDRAWN = "verdict_withdrawn"
    GRANT_REDEEMED = "grant_redeemed"
    GRANT_VOIDED = "grant_voided"
    GRANT_LAPSED = "grant_lapsed"
    ACTION_CONTINUED = "action_continued"
    ACTION_STOPPED = "action_stopped"
    ACTION_REPORTED = "action_reported"
    ACTION_WITHDRAWN = "action_withdrawn"
    ACTION_ABANDONED = "action_abandoned"
    KEYS_FORGOTTEN = "keys_forgotten"
    DAY_KEY_COMMITTED = "day_key_committed"
    ACTIONS_DRAWN = "actions_drawn"
    DRAW_JUDGED = "draw_judged"
    ALERTS_ACKNOWLEDGED = "alerts_acknowledged"
    ALERT_RAISED = "alert_raised"
    ABSENCE_SET = "absence_set"
    ABSENCE_ENDED = "absence_ended"
    PREFERENCES_CHANGED = "preferences_changed"
    NOTICE_SENT_AGAIN = "notice_sent_again"


# What counts as a widening whatever its body says: it decides what agents may do, or who decides it.
_ALWAYS_WIDE = frozenset(
    {
        Event.ACTION_TYPE_SAVED,
        Event.BINDING_SAVED,
        Event.KEY_ISSUED,
        Event.POLICY_ACTIVATED,
        Event.POLICY_RETIRED,
        Event.RATE_PINNED,
    }
)


def entry(*, event: Event, actor: str, body: Mapping[str, Any]) -> dict[str, str]:
    """A ledger entry as the committing function takes it: kind, actor and canonical body text."""
    return {"kind": event.value, "actor": actor, "body": canonical(dict(body)).decode()}


def append(*, event: Event, actor: str, body: Mapping[str, Any]) -> int:
    """Append one entry inside the caller's transaction; return its sequence number.

    `actor` is `agent:<id>`, `user:<name>` or `system:<part>`. `body` carries ids, numbers and closed
    words, never an agent's text and never a secret. Raises `RuntimeError` outside a transaction,
    for then the entry could stand without its change. What a person widens in their browser asks for a fresh
    proof that it is them: Problems CONFIRM_IDENTITY, SECOND_FACTOR_MISSING.
    """
    if body.get("widening") or event in _ALWAYS_WIDE:
        require_of_whoever_acts()
    if not connection.in_atomic_block:
        raise RuntimeError("a ledger entry belongs into the transaction of its change")
    with kept() as cursor:
        cursor.execute(
            "insert into governance_ledgerentry (kind, actor, body) values (%s, %s, %s) returning seq",
            [event.value, actor, canonical(dict(body))],
        )
        seq: int = cursor.fetchone()[0]
    return seq
