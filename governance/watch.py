"""The verbs that say who may report the health of a tool or a connector."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.guards import invalid, told
from governance.models import Agent, AgentState, Watch
from governance.models.health import MAX_HEARTBEAT, MIN_HEARTBEAT
from governance.problems import Code, Problem

_SUBJECTS = """
  select tool from governance_actiontype
  union select 'connector:' || connector from governance_binding where connector is not null order by 1
"""
_KNOWN = """
  select exists (select 1 from governance_actiontype where tool = %s)
    or exists (select 1 from governance_binding where 'connector:' || connector = %s)
"""


def subjects() -> list[str]:
    """Every tool that an action type needs, and every connector of a binding as `connector:<name>`."""
    with connection.cursor() as cursor:
        cursor.execute(_SUBJECTS)
        return [row[0] for row in cursor.fetchall()]


def is_known(tool: str) -> bool:
    """Whether an action type needs this tool, or a binding names this connector."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [tool, tool])
        return bool(cursor.fetchone()[0])


@told()
@transaction.atomic
def set_watch(agent: Agent, tool: str, *, heartbeat_seconds: int | None = None, by: By) -> Watch:
    """Let an agent report the health of `tool`, or of `connector:<name>`; again, to change its heartbeat.

    `heartbeat_seconds` (10 to a day): it promises a signal at least so often, and until it comes the health is unknown.
    Problems: FORBIDDEN, INVALID (nothing of that name, or an impossible heartbeat), WRONG_STATE (a retired agent, or
    one that uses the tool itself, or stands above or below one that does).
    """
    actor = require_council(by)
    if heartbeat_seconds is not None and not MIN_HEARTBEAT <= heartbeat_seconds <= MAX_HEARTBEAT:
        raise invalid("/heartbeat_seconds", f"A heartbeat is {MIN_HEARTBEAT} to {MAX_HEARTBEAT} seconds, or none.")
    if not is_known(tool):
        raise invalid("/tool", "No action type needs this tool, and no binding this connector.")
    now = locks.hold_authority()
    if Agent.objects.values_list("state", flat=True).get(pk=agent.pk) == AgentState.RETIRED:
        raise Problem(Code.WRONG_STATE, "A retired agent watches nothing.")
    watch = Watch.objects.select_for_update().filter(agent=agent, tool=tool).first()
    before = None if watch is None else watch.heartbeat_seconds
    if watch is not None and before == heartbeat_seconds:
        return watch
    watch = watch or Watch(agent=agent, tool=tool)
    watch.heartbeat_seconds, watch.set_at = heartbeat_seconds, now
    watch.save()
    body = {**_body(watch), "from": before, "to": heartbeat_seconds}
    record.append(event=record.Event.WATCH_SET, actor=actor, body=body)
    return watch


@transaction.atomic
def end_watch(watch: Watch, *, by: By) -> None:
    """An agent watches no longer: what it said no longer counts. Problems: FORBIDDEN, WRONG_STATE (ended already)."""
    actor = require_council(by)
    locks.hold_authority()
    held = Watch.objects.select_for_update().filter(pk=watch.pk).first()
    if held is None:
        raise Problem(Code.WRONG_STATE, "This watch has ended already.")
    body = _body(held)
    held.delete()
    record.append(event=record.Event.WATCH_ENDED, actor=actor, body=body)


def _body(watch: Watch) -> dict[str, Any]:
    return {"watch": watch.pk, "agent": str(watch.agent_id), "tool": watch.tool}
