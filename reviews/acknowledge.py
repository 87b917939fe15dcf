"""The verb that says that a person has seen an alert, or all of a kind that were shown to them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from governance import record
from governance.actors import COUNCIL, OPERATOR, actor_of, groups_of
from governance.locks import database_now
from governance.problems import Code, Problem
from reviews.models import Alert

# Whose sight of any alert counts; of their own agents an owner's does.
SEATS = frozenset({COUNCIL, OPERATOR})


@dataclass(frozen=True, slots=True)
class Shown:
    """What was on the page: `count` alerts of one group with ids from `first` to `last`; `own`: only one's own."""

    first: int
    last: int
    count: int
    own: bool


@transaction.atomic
def acknowledge(shown: Shown, *, by: User) -> int:
    """Note that a person saw these alerts; how many were new to everybody. One entry for all of them.

    Problems: NOT_FOUND, FORBIDDEN (neither one's own agent nor council nor operator), WRONG_STATE (acknowledged
    already, or more of the group came in since the page was made: then nothing is).
    """
    top = Alert.objects.filter(pk=shown.last).first()
    if top is None:
        raise Problem(Code.NOT_FOUND, "There is no such alert.")
    seated = not groups_of(by).isdisjoint(SEATS)
    if not by.is_active or not (seated or top.owner_id == by.pk):
        raise Problem(Code.FORBIDDEN, "An alert is acknowledged by the owner of the agent, the council or an operator.")
    group = _group(top).filter(pk__gte=shown.first, pk__lte=shown.last, acknowledged_at=None)
    if shown.own or not seated:
        group = group.filter(owner=by)
    changed = group.update(acknowledged_at=database_now(), acknowledged_by=by)
    if changed == 0:
        raise Problem(Code.WRONG_STATE, "These alerts were acknowledged already.")
    if changed > shown.count:
        raise Problem(Code.WRONG_STATE, "More came in since the page was made: look once more. Nothing happened.")
    body = {"kind": top.kind, "first": shown.first, "last": shown.last, "count": changed, "own": shown.own}
    body |= {"agent": None if top.agent_id is None else str(top.agent_id), "action_type": top.action_type_id}
    body |= {"halt": top.halt_id, "tool": top.tool}
    record.append(event=record.Event.ALERTS_ACKNOWLEDGED, actor=actor_of(by), body=body)
    return changed


def _group(top: Alert) -> QuerySet[Alert]:
    """Everything that is shown in one line with this alert."""
    alike: dict[str, Any] = {
        name: getattr(top, name) for name in ("kind", "agent_id", "action_type_id", "halt_id", "tool")
    }
    return Alert.objects.filter(**alike)
