"""What has begun and is not reported: when it may continue, when its grant is good, and when it is abandoned.

A part of the slow model, from the design's text like the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.machine import judging, oracle

REPORT, GRACE, LONGEST = 10 * oracle.MINUTE, 5, oracle.DAY
# the grant of what was executed without a person
OPEN = 60


@dataclass
class Running:
    """An action under way since `began`. It must be reported by `due`, and with a lease ask again by `until`.

    Its grant may have been `used`, or be `void`. With a `case` it runs on what a person approved.
    """

    action: Any
    ask: oracle.Ask
    began: int
    lease: int | None
    due: int
    until: int | None
    told: str = ""
    used: bool = False
    void: bool = False
    case: judging.Case | None = None


def begun(action: Any, ask: oracle.Ask, world: oracle.World, case: judging.Case | None = None) -> Running:
    """An action that begins now; one of a case has used its grant by that."""
    lease, now = world.kinds[ask.kind].lease, world.now
    until = None if lease is None else now + lease
    return Running(action, ask, now, lease, now + REPORT + (lease or 0), until, used=case is not None, case=case)


def is_abandoned(each: Running, now: int) -> bool:
    """Whether its report is overdue, or its lease, five seconds after it ended, was not renewed."""
    return each.due <= now or (each.until is not None and each.until + GRACE <= now)


def stops(each: Running, bench: judging.Bench) -> set[str]:
    """Why it must stop now: a halt, a narrowing or a red since it began. Nothing, and it may continue."""
    world = bench.world
    if each.case is not None:
        return _stops_for_people(each, each.case, bench)
    why = {
        "halted": _is_halted(each, world),
        "grant_void": each.void,
        "too_long": world.now >= each.began + LONGEST,
        "narrowed": _is_narrowed(each.ask, world),
        "red": bool(_reds(each.ask, world)),
    }
    return {name for name, holds in why.items() if holds}


def _stops_for_people(each: Running, case: judging.Case, bench: judging.Bench) -> set[str]:
    """Only a refusal, a halt since it began, or an approver whose mandate ended stops what a person approved."""
    refused = judging.refusals(each.ask, bench.world)
    assert case.approval is not None
    why = {
        "halted": _is_halted(each, bench.world),
        "too_long": bench.world.now >= each.began + LONGEST,
        "approver": not bench.reach(case, case.approval.by),
        "narrowed": "refused" in refused,
        "red": "tool_red" in refused,
    }
    return {name for name, holds in why.items() if holds}


def redemption(each: Running, world: oracle.World) -> set[str]:
    """What may be answered to who uses its grant now; nothing where it is used.

    Once, while it is open. A halt since voids it, for good. What the machine authorised must still stand, and what was
    told to stop begins no more; evidence was judged before, but a red tool is waited for.
    """
    if each.used or each.void or world.now >= each.began + OPEN:
        return {"grant_used" if each.used else "grant_void" if each.void else "grant_expired"}
    reds = _reds(each.ask, world)
    why = {
        "grant_void": _is_halted(each, world),
        "refused": bool(each.told) or _is_narrowed(each.ask, world) or "standing" in reds,
        "tool_red": "tool" in reds,
    }
    return {name for name, holds in why.items() if holds}


def _is_halted(each: Running, world: oracle.World) -> bool:
    """Whether a halt over it was declared after it began, lifted meanwhile or not."""
    covered = world.targets_over(world.line(each.ask.agent, each.ask.ticket), each.ask.kind)
    return any(target in covered and at > each.began for target, at in world.declared)


def _is_narrowed(ask: oracle.Ask, world: oracle.World) -> bool:
    """Whether it is for people now, or somebody in the chain stands too low, is not there or is not permitted."""
    if world.kinds[ask.kind].by_people:
        return True
    line = world.line(ask.agent, ask.ticket)
    there = [world.agents[name] for name in line]
    stands = ask.ticket is None or world.stands(ask.ticket, ask.agent, ask.kind)
    if not stands or not all(agent.active and ask.kind in agent.levels for agent in there):
        return True
    needed, risk = world.needed(ask)
    tier = oracle.lowest(
        # its own grant is among those that are counted, so that the guardrail holds as it did
        *(world.earned(name, ask.kind, risk, inside=True) for name in line),
        *(agent.most for agent in there),
        *(scope.ceiling for name in line for scope in world.scopes_of(name)),
        *(world.pulled(name, ask.kind) for name in line),
        world.recovering(line, ask.kind),
    )
    return not oracle.at_least(tier, needed)


def _reds(ask: oracle.Ask, world: oracle.World) -> set[str]:
    """Required evidence that is red, and a standing below what it needs. Doubt alone stops nothing that has begun."""
    kind, (needed, _) = world.kinds[ask.kind], world.needed(ask)
    line = world.line(ask.agent, ask.ticket)
    fallen = [world.standing(name, latch) for name in line for latch in world.latches(ask)]
    fallen += [world.pulled(name, ask.kind) for name in line]
    why = {
        "tool": "tool" in kind.needs and world.tool_colour(kind.tool) == "red",
        "connector": "tool" in kind.needs and world.tool_colour(judging.RECORDS) == "red",
        "contract": "contract" in kind.needs and world.contract_colour(ask.agent, ask.kind) == "red",
        "standing": not all(oracle.at_least(tier, needed) for tier in fallen),
    }
    return {name for name, holds in why.items() if holds}


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
