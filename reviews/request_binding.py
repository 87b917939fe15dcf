"""The verb by which a reviewer asks the council to bind an action type to its record."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.guards import told
from governance.models import ActionType, Binding
from governance.problems import Code, Problem
from governance.weigh import NOTICE
from reviews.models import BindingRequest, Escalation
from reviews.reviewers import require_reviewer


@told()
@transaction.atomic
def request_binding(escalation_id: UUID, *, reviewer: User) -> BindingRequest:
    """Ask the council for a binding of the type of this case, whatever its state; each reviewer asks once per type.

    Problems: NOT_FOUND, FORBIDDEN, WRONG_STATE (a notice, bound already, or asked for by them already, saying when).
    """
    case = Escalation.objects.select_related("action").filter(pk=escalation_id).first()
    if case is None:
        raise Problem(Code.NOT_FOUND, "This case does not exist.")
    require_reviewer(reviewer)
    # saving a binding takes this lock too: nobody asks for what is being given
    wanted = ActionType.objects.select_for_update(no_key=True).get(pk=case.action.action_type_id)
    _require_unbound(wanted)
    _refuse_twice(wanted, reviewer)
    asked = BindingRequest.objects.create(
        action_type=wanted, reviewer=reviewer, escalation=case, asked_at=locks.database_now()
    )
    body = {"request": asked.pk, "action_type": wanted.key, "escalation": str(case.pk)}
    record.append(event=record.Event.BINDING_REQUESTED, actor=f"user:{reviewer.get_username()}", body=body)
    return asked


def _require_unbound(wanted: ActionType) -> None:
    if wanted.key == NOTICE:
        raise Problem(Code.WRONG_STATE, "A notice has no record to bind.")
    if Binding.objects.filter(action_type=wanted).exists():
        raise Problem(Code.WRONG_STATE, "A record is bound to this action type already: verify the case again.")


def _refuse_twice(wanted: ActionType, reviewer: User) -> None:
    earlier = BindingRequest.objects.filter(action_type=wanted, reviewer=reviewer).first()
    if earlier is not None:
        raise Problem(
            Code.WRONG_STATE, f"You asked the council for this on {earlier.asked_at:%d %b %Y at %H:%M} UTC already."
        )
