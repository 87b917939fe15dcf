"""One replay from folder to summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance import locks
from governance.models import Agent, Fact
from governance.policy.facts import Result
from governance.records.load import load_folder
from reviews.replay import enlist
from reviews.replay.envelope import Posting, posting
from reviews.replay.folder import Call, Folder, read_folder
from reviews.replay.send import Pace, send_all
from reviews.replay.summary import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to replay and how. `connections` agents act at once; `limit` None posts every write."""

    path: Path
    url: str
    connections: int = 8
    rate: float | None = None
    limit: int | None = None
    caps: Sequence[Mapping[str, Any]] = ()


def replay(plan: Plan, *, say: Callable[[str], None], progress: Callable[[int], Callable[[], None]]) -> Summary:
    """Read, load, register, post and count.

    `progress` is given the number of requests and returns what to call after each. Raises `FolderError`, `LoadError`,
    and `Problem` of the verbs.
    """
    folder = read_folder(plan.path)
    enlist.is_demo()
    # two replays at once, as when a demo still plays its own, load and register one after the other
    with locks.one_at_a_time(locks.ENLISTING):
        tools, agents = prepare(folder, plan, say)
    postings = choose(postings_of(folder, tools), plan.limit)
    summary = Summary(wanted=len(postings))
    _post(plan, postings, agents, summary, progress(len(postings)))
    summary.mismatches = mismatches(summary.actions)
    return summary


def prepare(folder: Folder, plan: Plan, say: Callable[[str], None]) -> tuple[enlist.Tools, dict[str, Agent]]:
    """Load the records and register what acts on them."""
    if folder.records:
        loaded = load_folder(plan.path / "records")
        say(f"{sum(sum(each.rows.values()) for each in loaded)} records in {len(loaded)} systems of record.")
    tools = enlist.describe_tools(folder, caps=plan.caps)
    agents = enlist.enlist(folder, tools)
    say(f"{len(agents)} agents and {len(tools)} action types are registered.")
    return tools, agents


def _post(
    plan: Plan, postings: Sequence[Posting], agents: Mapping[str, Agent], summary: Summary, step: Callable[[], None]
) -> None:
    keys = enlist.issue_keys({name: agents[name] for name in dict.fromkeys(each.agent for each in postings)})
    begun = time.monotonic()

    def done(answered: Any) -> None:
        summary.add(answered)
        step()

    try:
        send_all(plan.url, postings, keys, connections=plan.connections, pace=Pace(plan.rate), done=done)
    finally:
        summary.elapsed = time.monotonic() - begun
        enlist.revoke_keys(keys.values())


def postings_of(folder: Folder, tools: enlist.Tools) -> list[Posting]:
    """A request for every recorded write, in recorded order, each knowing what its session had read before it."""
    sessions: dict[str, list[Call]] = {}
    found: list[Posting] = []
    for call in folder.calls:
        before = sessions.setdefault(call.session, [])
        if call.is_write:
            described = tools[(folder.group_of(call), call.tool)]
            claims = folder.claims.get((call.session, call.seq), {})
            found.append(posting(call, described, claims=claims, before=before))
        before.append(call)
    return found


def choose(postings: Sequence[Posting], limit: int | None) -> list[Posting]:
    """At most `limit` of them: whole runs, one of each agent in turn, so that few still show all agents."""
    if limit is None or len(postings) <= limit:
        return list(postings)
    runs: dict[str, dict[object, list[Posting]]] = {}
    for each in postings:
        runs.setdefault(each.agent, {}).setdefault(each.body["run"], []).append(each)
    queues = [list(of_agent.values()) for of_agent in runs.values()]
    chosen: list[Posting] = []
    while len(chosen) < limit and any(queues):
        for queue in queues:
            if queue and len(chosen) < limit:
                chosen += queue.pop(0)
    return chosen[:limit]


def mismatches(actions: Collection[str]) -> int:
    """Claims made in these actions that contradict the record, as far as the records have been read."""
    return (
        Fact.objects.filter(result=Result.DIFFERS.value, snapshot__action__in=list(actions))
        .values("snapshot__action", "name")
        .distinct()
        .count()
    )
