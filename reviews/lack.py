"""The verbs about what a screen lacks: a reviewer tells it of a case, the council answers all that say the same."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import require_council
from governance.problems import Code, Problem
from reviews.lacking import fields_of
from reviews.models import Escalation, Lack, LackAnswer, LackKind
from reviews.reviewers import require_reviewer


@transaction.atomic
def tell_lack(escalation_id: UUID, *, reviewer: User, kind: str, field: str = "") -> Lack:
    """Tell the council what the screen of this case lacks, whatever its state; each reviewer says the same once.

    Problems: NOT_FOUND, FORBIDDEN, INVALID (no such kind or field), WRONG_STATE (said already).
    """
    # of two that say the same at once the second waits here, and finds the first
    case = Escalation.objects.select_for_update(no_key=True).filter(pk=escalation_id).first()
    if case is None:
        raise Problem(Code.NOT_FOUND, "This case does not exist.")
    require_reviewer(reviewer)
    if kind not in LackKind.values or (field and field not in fields_of(case.action_type_id)):
        raise Problem(Code.INVALID, "Choose what is lacking, and one of the listed fields or none.")
    if Lack.objects.filter(escalation=case, reviewer=reviewer, kind=kind, field=field).exists():
        raise Problem(Code.WRONG_STATE, "You said this of this case already.")
    told = Lack.objects.create(
        escalation=case,
        action_type_id=case.action_type_id,
        reviewer=reviewer,
        kind=kind,
        field=field,
        told_at=locks.database_now(),
    )
    body = {"lack": told.pk, "escalation": str(case.pk), "kind": kind, "field": field}
    record.append(event=record.Event.LACK_TOLD, actor=f"user:{reviewer.get_username()}", body=body)
    return told


@transaction.atomic
def answer_lacks(action_type: int, *, kind: str, field: str, answer: str, by: User) -> int:
    """Answer everything open that says this of this type, at once. How many.

    Problems: FORBIDDEN, INVALID (no such answer), WRONG_STATE (nothing is open).
    """
    actor = require_council(by)
    if answer not in LackAnswer.values:
        raise Problem(Code.INVALID, "Choose one of the answers.")
    said = Lack.objects.select_for_update(no_key=True).filter(
        action_type_id=action_type, kind=kind, field=field, answer=""
    )
    open_now = list(said.order_by("pk"))
    if not open_now:
        raise Problem(Code.WRONG_STATE, "Nobody waits for this answer any more.")
    now = locks.database_now()
    for told in open_now:
        told.answer, told.answered_by, told.answered_at = answer, by, now
        told.save(update_fields=["answer", "answered_by", "answered_at"])
    body = {"lacks": [told.pk for told in open_now], "answer": answer}
    record.append(event=record.Event.LACKS_ANSWERED, actor=actor, body=body)
    return len(open_now)
