"""What has begun and is not reported: when it may continue, and when it is abandoned. A part of the slow model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.machine import oracle

REPORT, GRACE, LONGEST = 10 * oracle.MINUTE, 5, oracle.DAY


@dataclass
class Running:
    """An action under way since `began`. It must be reported by `due`, and with a lease ask again by `until`."""

    action: Any
    ask: oracle.Ask
    began: int
    lease: int | None
    due: int
    until: int | None
    told: str = ""


def begun(action: Any, ask: oracle.Ask, world: oracle.World) -> Running:
    """An action that begins now."""
    lease, now = world.kinds[ask.kind].lease, world.now
    return Running(action, ask, now, lease, now + REPORT + (lease or 0), None if lease is None else now + lease)


def is_abandoned(each: Running, now: int) -> bool:
    """Whether its report is overdue, or its lease, five seconds after it ended, was not renewed."""
    return each.due <= now or (each.until is not None and each.until + GRACE <= now)


def stops(each: Running, world: oracle.World) -> set[str]:
    """Why it must stop now: a halt, a narrowing or a red since it began. Nothing, and it may continue."""
    ask = each.ask
    line = world.line(ask.agent, ask.ticket)
    covered = world.targets_over(line, ask.kind)
    found = {"halted"} if any(target in covered and at > each.began for target, at in world.declared) else set()
    if world.now >= each.began + LONGEST:
        found.add("too_long")
    return found | set(_narrowed(ask, line, world)) | set(_reddened(ask, line, world))


def _narrowed(ask: oracle.Ask, line: list[str], world: oracle.World) -> Iterator[str]:
    """Nobody in the chain stands lower than what it needs, and all are there and permitted."""
    there = [world.agents[name] for name in line]
    stands = ask.ticket is None or world.stands(ask.ticket, ask.agent, ask.kind)
    if not stands or not all(agent.active and ask.kind in agent.levels for agent in there):
        yield "narrowed"
        return
    needed, risk = world.needed(ask)
    tier = oracle.lowest(
        *(oracle.EARNED[agent.levels[ask.kind], risk] for agent in there),
        *(agent.most for agent in there),
        *(scope.ceiling for name in line for scope in world.scopes_of(name)),
        world.recovering(line, ask.kind),
    )
    if not oracle.at_least(tier, needed):
        yield "narrowed"


def _reddened(ask: oracle.Ask, line: list[str], world: oracle.World) -> Iterator[str]:
    """Required evidence is red, or a standing fell below what it needs. Doubt alone stops nothing that has begun."""
    kind, (needed, _) = world.kinds[ask.kind], world.needed(ask)
    red = [
        "tool" in kind.needs and world.tool_colour(kind.tool) == "red",
        "contract" in kind.needs and world.contract_colour(ask.agent, ask.kind) == "red",
        not all(oracle.at_least(world.standing(name, latch), needed) for name in line for latch in world.latches(ask)),
    ]
    if any(red):
        yield "red"


def stopped(each: Running, why: str, now: int) -> None:
    """It was told to stop, for good: it has no lease any more, and ten minutes to say what it did."""
    each.told, each.until, each.due = why, None, now + REPORT


def renewed(each: Running, now: int) -> None:
    """It may continue. Its time begins anew, unless three quarters of what it was given are left."""
    given, until = each.lease or REPORT, each.due if each.until is None else each.until
    if now < until - given * 3 / 4:
        return
    each.due = max(each.due, now + REPORT + (each.lease or 0))
    each.until = None if each.lease is None else now + each.lease
