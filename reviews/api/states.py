"""How an agent's own actions and cases stand now. A reader; whatever is another agent's does not exist here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, F, Func, Q

from governance import tokens
from governance.authenticate import Caller
from governance.models import Action, Execution, Grant, Instance, ToolSignal
from governance.policy.continuing import STOPS, Stop
from governance.policy.decision import Outcome
from governance.policy.reasons import Given
from reviews.answers import wire
from reviews.api.problems import not_found
from reviews.cases import halted_since
from reviews.checkpoint import Continuation
from reviews.explained import document
from reviews.models import Escalation, EscalationState, RejectReason, Repeat, Verdict
from reviews.reconsider import reconsider

CASES = "/api/v1/escalations/"
WAITING = frozenset({"checking", "pending"})

_NOW = Func(function="clock_timestamp", output_field=DateTimeField())


@dataclass(frozen=True, slots=True)
class _Known:
    """A case with what an agent may know of it: a verdict counts when its hold is over."""

    case: Escalation
    verdict: Verdict | None
    follower: Escalation | None
    status: str
    now: dt.datetime
    due: dt.datetime

    @property
    def closed_at(self) -> dt.datetime | None:
        if self.status in WAITING:
            return None
        return self.verdict.final_at if self.verdict else self.case.closed_at


def action(action_id: UUID, *, caller: Caller) -> dict[str, Any]:
    """An action of this agent as the API shows it. Raises `Problem` NOT_FOUND."""
    rows = Action.objects.select_related("decision", "action_type")
    found = rows.filter(id=action_id, agent_id=caller.agent).first()
    if found is None:
        raise not_found()
    latest = found.escalations.order_by("-opened_at", "-id").values_list("id", flat=True).first()
    joined = None if latest else Repeat.objects.filter(action=found).values_list("escalation_id", flat=True).first()
    case = latest or joined
    known = None if case is None else _known(case, caller.agent)
    return {
        "id": str(found.id),
        "state": state_of(found.state, known),
        "action_type": found.action_type.key,
        "run": found.run,
        "action_digest": bytes(found.digest).hex(),
        "created_at": wire(found.created_at),
        "report_by": _wire(found.report_by),
        "lease_until": _wire(found.lease_until),
        "stop": _stop(found),
        "decision": found.decision.answer,
        "grant": _shown(_grant_told(found)),
        "escalation": None
        if known is None
        else {**_brief(known.case.id, known.status), **({"joined": True} if joined else {})},
        "execution": execution(found),
        "explanation": document(vars(found.decision)),
    }


def state_of(stored: str, known: _Known | None) -> str:
    """The state of an action. While a verdict can still be withdrawn nothing has changed for the agent."""
    return "escalated" if known is not None and known.status in WAITING else stored


def execution(action: Action) -> dict[str, Any] | None:
    """What was reported about an action, if anything."""
    found = Execution.objects.filter(action=action).first()
    return None if found is None else {"status": found.status, "reported_at": wire(found.reported_at)}


def escalation(case_id: UUID, *, caller: Caller) -> dict[str, Any]:
    """A case of this agent as the API shows it; once approved, with a token. Raises `Problem` NOT_FOUND."""
    known = _known(case_id, caller.agent)
    case = known.case
    grant, reasons = _pick_up(known, caller)
    return {
        "id": str(case.id),
        "status": known.status,
        "action": str(case.action_id),
        "opened_at": wire(case.opened_at),
        "deadline": wire(known.due),
        "closed_at": _wire(known.closed_at),
        "reject_reason": _rejected(known),
        "superseded_by": None if known.follower is None else _brief(known.follower.id, _plain(known.follower)),
        "action_digest": bytes(case.action.digest).hex(),
        "grant": grant,
        "reasons": [{"code": each.code.value, "sentence": each.sentence, "help": each.help} for each in reasons],
    }


def _known(case_id: UUID, agent: UUID) -> _Known:
    rows = Escalation.objects.select_related("action", "action__action_type").annotate(
        now=_NOW, due=Func(F("id"), _NOW, function="placet_case_due", output_field=DateTimeField())
    )
    case = rows.filter(id=case_id, action__agent_id=agent).first()
    if case is None:
        raise not_found()
    verdict = case.verdicts.filter(withdrawn_at=None, closes=True).first()
    told = verdict if verdict is not None and verdict.final_at <= case.now else None
    status = _status(case, held=verdict is not None and told is None)
    return _Known(case, told, case.followers.order_by("opened_at").first(), status, case.now, case.due)


def _status(case: Any, *, held: bool) -> str:
    """The word for a case: what is stored, by the database clock and without a verdict that is on hold."""
    if case.state == EscalationState.OPEN and case.due <= case.now:
        return EscalationState.EXPIRED.value
    decided = case.state in (EscalationState.APPROVED, EscalationState.REJECTED, EscalationState.ACKNOWLEDGED)
    return _plain(case, waiting=held and decided)


def _plain(case: Escalation, *, waiting: bool = False) -> str:
    if waiting or case.state == EscalationState.OPEN:
        return "checking" if case.snapshot_id is None else "pending"
    return str(case.state)


def _rejected(known: _Known) -> dict[str, str] | None:
    if known.verdict is None or known.status != EscalationState.REJECTED:
        return None
    code = known.verdict.reject_reason
    return {"code": code, "sentence": RejectReason.objects.values_list("sentence", flat=True).get(code=code)}


def _grant_told(action: Action) -> Grant | None:
    """The latest grant of an action that its agent may know of: a person's when its verdict is final."""
    final = Verdict.objects.filter(escalation__action=action, withdrawn_at=None, final_at__lte=_NOW)
    known = Q(issued_by__in=["machine", "policy"]) | Q(verdict_id__in=final.values("pk"))
    return action.grants.filter(known).order_by("-issued_at").first()


def _pick_up(known: _Known, caller: Caller) -> tuple[Mapping[str, Any] | None, tuple[Given, ...]]:
    """The grant of an approved case, with a fresh token as long as it can be redeemed as things are now."""
    if known.verdict is None or known.status != EscalationState.APPROVED:
        return None, ()
    grant = Grant.objects.filter(verdict_id=known.verdict.pk).first()
    if grant is None or not _stands(grant, known.now):
        return _shown(grant), ()
    decision = reconsider(known.case.action_id, key=caller.digest)
    if decision.outcome is Outcome.REFUSE:
        return _shown(grant), decision.reasons
    token = tokens.mint(
        grant=str(grant.id),
        agent=str(grant.agent_id),
        audience=known.case.action.action_type.tool,
        digest=bytes(grant.digest),
        now=known.now,
        not_before=grant.not_before,
        expires_at=grant.expires_at,
    )
    return {**_opening(grant), "token": token}, ()


def _stands(grant: Grant, now: dt.datetime) -> bool:
    """Whether a token for this grant would say the truth: what redeeming would void has none."""
    ended = (grant.redeemed_at, grant.closed_at, grant.voided_at)
    if ended != (None, None, None) or grant.expires_at <= now:
        return False
    epoch = Instance.objects.values_list("instance_epoch", flat=True).get()
    return grant.instance_epoch == epoch and not halted_since(grant.action_id, grant.issued_at)


def _opening(grant: Grant) -> dict[str, Any]:
    return {
        "id": str(grant.id),
        "issued_by": grant.issued_by,
        "not_before": wire(grant.not_before),
        "expires_at": wire(grant.expires_at),
    }


def _shown(grant: Grant | None) -> dict[str, Any] | None:
    return None if grant is None else {**_opening(grant), "redeemed_at": _wire(grant.redeemed_at)}


def _brief(case_id: UUID, status: str) -> dict[str, Any]:
    return {"id": str(case_id), "href": f"{CASES}{case_id}/", "status": status}


def _wire(moment: dt.datetime | None) -> str | None:
    return None if moment is None else wire(moment)


def reported(done: Execution) -> dict[str, Any]:
    """The answer to a report that was taken."""
    told = {"status": done.status, "reported_at": wire(done.reported_at)}
    return {"id": str(done.action_id), "state": _stored(done.action_id), "execution": told}


def continued(done: Continuation) -> dict[str, Any]:
    """The answer to a checkpoint: go on until the lease ends, or stop."""
    action = done.action
    lease = action.lease_seconds if done.stop is None else None
    return {
        "id": str(action.id),
        "continue": done.stop is None,
        "lease_until": _wire(action.lease_until),
        # half of the lease: an answer that was lost can be asked for again
        "checkpoint_in": None if lease is None else max(1, lease // 2),
        "report_by": _wire(action.report_by),
        "stop": _stop(action),
        "reasons": [{"code": each.code.value, "sentence": each.sentence, "help": each.help} for each in done.reasons],
    }


def _stop(action: Action) -> dict[str, Any] | None:
    """Why and when an action was told to stop, if it was."""
    if action.stopped_at is None:
        return None
    return {"code": action.stop_reason, "sentence": STOPS[Stop(action.stop_reason)], "at": wire(action.stopped_at)}


def signalled(done: ToolSignal) -> dict[str, Any]:
    """What a watcher is told of its signal."""
    return {
        "id": str(done.pk),
        "outcomes": done.total,
        "received_at": wire(done.received_at),
        "next_by": _wire(done.next_by),
    }


def redeemed(grant: Grant) -> dict[str, Any]:
    """The answer to a grant that was used."""
    action = Action.objects.get(id=grant.action_id)
    return {
        "id": str(grant.id),
        "action": str(action.id),
        "action_digest": bytes(grant.digest).hex(),
        "redeemed_at": _wire(grant.redeemed_at),
        "report_by": _wire(action.report_by),
        "lease_until": _wire(action.lease_until),
    }


def _stored(action_id: UUID) -> str:
    return str(Action.objects.values_list("state", flat=True).get(id=action_id))
