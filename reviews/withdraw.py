"""The verb by which an agent takes its request back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from governance import locks, record
from governance.authenticate import Caller
from governance.models import Action, ActionState, Grant
from governance.problems import Code, Problem
from reviews.cases import counters, locked, locked_action
from reviews.models import Escalation, EscalationState, Repeat
from reviews.relink import give_back, void

_LIVE = (EscalationState.OPEN, EscalationState.APPROVED)


@transaction.atomic
def withdraw(action_id: UUID, *, caller: Caller) -> Action:
    """Withdraw an escalated action, also when it is approved but not redeemed; again changes nothing.

    Problems: NOT_FOUND, WRONG_STATE (decided otherwise, executing or closed).
    """
    locks.share_authority()
    case = Escalation.objects.filter(action_id=action_id, action__agent_id=caller.agent).order_by("-opened_at").first()
    if case is None:
        return _without_case(action_id, caller)
    case = locked(case.pk)
    action = locked_action(action_id)
    if action.state == ActionState.WITHDRAWN:
        return action
    if action.state != ActionState.ESCALATED or case.state not in _LIVE:
        raise _wrong(action)
    now = locks.database_now()
    body: dict[str, Any] = {"action": str(action.pk), "escalation": str(case.pk), "was": case.state}
    for grant in Grant.objects.filter(action=action, redeemed_at__isnull=True, voided_at__isnull=True):
        void(grant, now)
        # never redeemed: a token alone proves who allowed what, it does not allow to act
        body |= {"grant": str(grant.pk), "released": give_back(case, action)}
    case.state, case.closed_at = EscalationState.WITHDRAWN.value, now
    case.save(update_fields=["state", "closed_at", "cap_frees_at"])
    action.state = ActionState.WITHDRAWN
    action.save(update_fields=["state"])
    event, actor = record.Event.ACTION_WITHDRAWN, f"agent:{caller.agent}"
    record.append(event=event, actor=actor, body={**body, **counters(case)})
    return action


def _without_case(action_id: UUID, caller: Caller) -> Action:
    action = Action.objects.filter(pk=action_id, agent_id=caller.agent).first()
    if action is None:
        raise Problem(Code.NOT_FOUND, "This agent has no such action.")
    if Repeat.objects.filter(action=action).exists():
        raise Problem(Code.WRONG_STATE, "This action joined the case of one that was asked before: withdraw that one.")
    raise _wrong(action)


def _wrong(action: Action) -> Problem:
    # a reject is told when its hold ends, so the state is not repeated here
    return Problem(Code.WRONG_STATE, "Only an escalated action that nobody executed can be withdrawn.")
