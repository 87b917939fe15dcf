"""The preset reasons to reject: the verbs of the council, and what reviewers are offered."""

from __future__ import annotations

import re

from django.db import transaction
from django.db.models import Q, QuerySet

from governance import locks, record
from governance.actors import By, require_council
from governance.guards import invalid, told
from governance.models import ActionType
from governance.problems import Code, Problem
from reviews import rows
from reviews.models import RejectReason

# Each has a key of its own on the page, 1 to 9.
MOST_OFFERED = 9
_OFFERED = """
select code, sentence from reviews_rejectreason
  where (action_type_id is null or action_type_id = %s) and retired_at is null order by id
"""
_CODE = re.compile(r"[a-z][a-z0-9_]{2,31}", re.ASCII)
_SENTENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:;'()/-]{2,79}", re.ASCII)


def offered(action_type: int | None) -> list[tuple[str, str]]:
    """(code, sentence) of every reason that a case of this type can be rejected for now, in the order of the page."""
    return [(row["code"], row["sentence"]) for row in rows.fetch(_OFFERED, [action_type])]


def require_offered(code: str, action_type: int) -> None:
    """Problem INVALID unless a case of this type can be rejected for this reason now."""
    if not _standing(action_type).filter(code=code).exists():
        raise Problem(Code.INVALID, "Choose a reason to reject.", fields=(("/reason", "One of the listed reasons."),))


@told()
@transaction.atomic
def add_reason(code: str, sentence: str, *, by: By, action_type: ActionType | None = None) -> RejectReason:
    """Offer another reason, for one action type or for all. `code` is told to agents and stays taken for ever.

    Problems: FORBIDDEN, INVALID (form of the code or the sentence, taken, more than nine on a page).
    """
    actor = require_council(by)
    if not _CODE.fullmatch(code):
        raise invalid("/code", "A code has 3 to 32 lower-case letters, digits and underscores.")
    if not _SENTENCE.fullmatch(sentence):
        raise invalid("/sentence", "Plain words are expected, 3 to 80 characters.")
    locks.hold_authority()
    _require_room(action_type)
    now = locks.database_now()
    reason = RejectReason.objects.create(code=code, sentence=sentence, action_type=action_type, added_at=now)
    body = {"reason": code, "action_type": None if action_type is None else action_type.key}
    record.append(event=record.Event.REJECT_REASON_ADDED, actor=actor, body=body)
    return reason


@told()
@transaction.atomic
def retire_reason(code: str, *, by: By) -> RejectReason:
    """Offer a reason no longer. Problems: FORBIDDEN, NOT_FOUND, WRONG_STATE (retired already, or the last for all)."""
    actor = require_council(by)
    locks.hold_authority()
    reason = RejectReason.objects.filter(code=code).first()
    if reason is None:
        raise Problem(Code.NOT_FOUND, "There is no such reason.")
    if reason.retired_at is not None:
        raise Problem(Code.WRONG_STATE, "This reason is retired already.")
    general = RejectReason.objects.filter(action_type=None, retired_at=None)
    if reason.action_type_id is None and general.count() == 1:
        raise Problem(Code.WRONG_STATE, "The last reason that is offered everywhere stays: nobody rejects without one.")
    reason.retired_at = locks.database_now()
    reason.save(update_fields=["retired_at"])
    record.append(event=record.Event.REJECT_REASON_RETIRED, actor=actor, body={"reason": code})
    return reason


def _standing(action_type: int | None) -> QuerySet[RejectReason]:
    found: QuerySet[RejectReason] = RejectReason.objects.filter(
        Q(action_type=None) | Q(action_type=action_type), retired_at=None
    ).order_by("pk")
    return found


def _require_room(action_type: ActionType | None) -> None:
    """No page offers more than there are keys, whichever type it is of."""
    standing = RejectReason.objects.filter(retired_at=None)
    general = standing.filter(action_type=None).count()
    own = standing.exclude(action_type=None)
    types = {action_type.pk} if action_type is not None else {None, *own.values_list("action_type", flat=True)}
    most = max(own.filter(action_type=each).count() for each in types)
    if general + most >= MOST_OFFERED:
        raise invalid("/code", f"A page offers at most {MOST_OFFERED} reasons: retire one first.")
