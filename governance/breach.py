"""Takes note of a request that broke its contract."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from governance import locks, record
from governance.models import Breach
from governance.policy.contracts import Problem as Broken
from governance.policy.contracts import Problems
from governance.problems import Code, Problem

# A field that nobody knows is a slip of whoever wrote the client, and a user can provoke it: no evidence.
_NO_EVIDENCE = frozenset({"unknown_field"})
MOST_POINTERS = 20


def broken(agent: UUID, action_type: int, found: Iterable[Problems], *, request: bytes | None) -> Problem:
    """The 422 that names each wrong field; one Breach row unless only unknown fields were sent.

    `request` tells one request from another, so that a retry is no second breach; None notes nothing.
    """
    problems = [problem for each in found for problem in each.problems]
    if request is not None and any(problem.code not in _NO_EVIDENCE for problem in problems):
        _note(agent, action_type, problems, request)
    return Problem(
        Code.CONTRACT_BROKEN,
        "The request breaks the contract of its action type.",
        fields=tuple((problem.pointer, problem.detail) for problem in problems[:MOST_POINTERS]),
    )


@transaction.atomic
def _note(agent: UUID, action_type: int, problems: list[Broken], request: bytes) -> None:
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
        body={"action_type": action_type, "codes": sorted({problem.code for problem in problems})},
    )
