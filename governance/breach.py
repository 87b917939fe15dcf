"""Takes note of a request that broke its contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from governance import locks, record
from governance.latches import TYPE
from governance.models import Breach
from governance.policy.contracts import Problem as Broken
from governance.policy.contracts import Problems
from governance.policy.evidence import BREACHES_RED
from governance.policy.standing import Constants, Why
from governance.problems import Code, Problem
from governance.redden import hold_standing, turn_red

# A field that nobody knows is a slip of whoever wrote the client, and a user can provoke it: no evidence.
_NO_EVIDENCE = frozenset({"unknown_field"})
MOST_POINTERS = 20
WITHIN = timedelta(minutes=10)


def broken(
    agent: UUID, action_type: int, found: Iterable[Problems], *, request: bytes | None, standing: Constants
) -> Problem:
    """The 422 that names each wrong field; one Breach row unless only unknown fields were sent.

    `request` tells one request from another, so that a retry is no second breach; None notes nothing. The third breach
    within 10 minutes turns the standing of agent and type red by the constants of `standing`.
    """
    problems = [problem for each in found for problem in each.problems]
    if request is not None and any(problem.code not in _NO_EVIDENCE for problem in problems):
        _note(agent, action_type, problems, request, standing)
    return Problem(
        Code.CONTRACT_BROKEN,
        "The request breaks the contract of its action type.",
        fields=tuple((problem.pointer, problem.detail) for problem in problems[:MOST_POINTERS]),
    )


@transaction.atomic
def _note(agent: UUID, action_type: int, problems: list[Broken], request: bytes, standing: Constants) -> None:
    locks.share_authority()
    # so that of breaches at once each counts those before it
    hold_standing(agent)
    pointers = [{"pointer": problem.pointer, "code": problem.code} for problem in problems[:MOST_POINTERS]]
    _, is_new = Breach.objects.get_or_create(
        agent_id=agent,
        request=request,
        defaults={"action_type_id": action_type, "pointers": pointers, "breached_at": locks.database_now()},
    )
    if not is_new:
        return
    record.append(
        event=record.Event.CONTRACT_BREACHED,
        actor=f"agent:{agent}",
        body={
            "action_type": action_type,
            "codes": sorted({problem.code for problem in problems}),
            "standing": _third(agent, action_type, standing),
        },
    )


def _third(agent: UUID, action_type: int, standing: Constants) -> list[dict[str, Any]]:
    since = locks.database_now() - WITHIN
    late = Breach.objects.filter(agent_id=agent, action_type_id=action_type, breached_at__gt=since)
    if late.count() < BREACHES_RED:
        return []
    return turn_red(agent, f"{TYPE}{action_type}", Why.BREACHES, standing)
