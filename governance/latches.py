"""What the latches of an agent allow now, and how one decision turns them. No I/O, no judgement of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from governance.gather import CapUse, Gathered, Held
from governance.policy.action_types import ActionTypeSpec
from governance.policy.decision import Decision, Inputs, Outcome
from governance.policy.evidence import Kind, Signal
from governance.policy.holds import Hold, Over, lowest
from governance.policy.standing import (
    HEALTH,
    KEYS_RED,
    UNTOUCHED,
    Constants,
    Latch,
    Why,
    next_rung_at,
    on_green,
    on_red,
    tier_at,
    wait,
)
from governance.policy.tiers import Tier
from governance.policy.velocity import CapKey, Usage, any_window, whose

AGENT = "agent"
# as many open cases as its line may have
CASES = "cases"
TYPE, KEY, LEVEL, ERRORS = "type:", "key:", "level:", "errors:"

# What an action says of its agent. The health of a tool says nothing of who uses it.
_OWN = frozenset({Kind.CONTRACT, Kind.COMPLETENESS, Kind.VELOCITY})


def standing_of(spec: ActionTypeSpec, gathered: Gathered, usages: Sequence[Usage]) -> tuple[Tier, Hold | None]:
    """The lowest of what every latch and every pull allows now, and which one holds it there."""
    if not gathered.latches:
        return Tier.COMMIT, None
    # a latch for the cap of an agent is of one that it acts for: its own lowers it as a whole
    words = {
        KEY + any_window(usage.budget_key): whose(usage.cap.key, usage.entity, chain=usage.cap.key is CapKey.AGENT)
        for usage in usages
    }
    names = dict(gathered.line[1:])
    return lowest(
        each
        for held in gathered.latches
        for each in holds(held, names.get(held.agent), words.get(held.name, ""), spec, gathered.now)
    )


def holds(
    held: Held, above: str | None, words: str, spec: ActionTypeSpec, now: datetime
) -> Iterator[tuple[Tier, Hold]]:
    """What one row holds: its latch, and what a person pulled. `above`: the name of an ancestor whose row it is."""
    over, name = _over(held.name), words
    if above is not None:
        over, name = Over.ABOVE, above
    constants = constants_of(held.name, spec)
    step = int(wait(held.latch, constants).total_seconds())
    yield (
        tier_at(held.latch, now, constants),
        Hold(over, name, rises_at=next_rung_at(held.latch, now, constants), step=step),
    )
    if held.pulled is not None:
        yield held.pulled, Hold(over, name, pulled=True)


def constants_of(name: str, spec: ActionTypeSpec) -> Constants:
    """The constants of a latch: a whole agent belongs to no type, and what reviews found waits as long as a level."""
    if name.startswith(ERRORS):
        return spec.standing.statistical
    return HEALTH if name in (AGENT, CASES) else spec.standing.health


def turned(
    spec: ActionTypeSpec, gathered: Gathered, inputs: Inputs, decision: Decision, *, opens: bool
) -> list[dict[str, Any]]:
    """The rows of the latches that this decision turns red or green; nothing on the ordinary way.

    `opens`: it opens a case of its own, which commits only where there is room for it.

    A decision that came to be only after others kept moving writes no green: it could be older than their red.
    """
    mine = {held.name: held.latch for held in gathered.latches if held.agent == gathered.agent}
    reds = _reds(gathered, inputs, decision)
    rows = [
        row_of(name, on_red(mine.get(name, UNTOUCHED), gathered.now, constants_of(name, spec)), why)
        for name, why in reds.items()
        if not mine.get(name, UNTOUCHED).in_episode
    ]
    if decision.outcome is Outcome.REFUSE or inputs.contended:
        return rows
    greens = _greens(gathered, inputs, decision) | ({CASES} if opens else set())
    rows += [
        row_of(name, on_green(latch, gathered.now), None)
        for name, latch in mine.items()
        if latch.in_episode and name in greens and name not in reds
    ]
    return rows


def row_of(name: str, latch: Latch, why: Why | None) -> dict[str, Any]:
    """A latch as it is written; `why` None keeps the word of the last red."""
    return {
        "latch": name,
        "strikes": latch.strikes,
        "in_episode": latch.in_episode,
        "red_at": _written(latch.red_at),
        "green_since": _written(latch.green_since),
        "why": None if why is None else why.value,
    }


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger says of a written latch; of a budget no more than what it counts over."""
    name = ":".join(str(row["latch"]).split(":")[:2]) if row["latch"].startswith(KEY) else row["latch"]
    return {"latch": name, "red": row["in_episode"], "strikes": row["strikes"], "why": row["why"]}


def _reds(gathered: Gathered, inputs: Inputs, decision: Decision) -> dict[str, Why]:
    """The latches that this decision turns red, each with why."""
    found: dict[str, Why] = {}
    if decision.contradicted:
        found[f"{TYPE}{gathered.type_id}"] = Why.CONTRADICTED
    if decision.breach is None:
        return found
    own = _own_rows(gathered)
    passed = {any_window(usage.budget_key): usage.cap.key for usage in inputs.usages if usage.breached}
    keys = {KEY + name: Why.CAP for name, key in passed.items() if key is not CapKey.AGENT or name not in own}
    found |= keys
    # a customer is one key however many caps count it
    mine = {name for name in keys if name.removeprefix(KEY) in own}
    if mine and len({name.rsplit("|", 1)[0] for name in mine | _recent(gathered)}) >= KEYS_RED:
        found[AGENT] = Why.KEYS
    if len(keys) < len(passed):
        found[AGENT] = Why.AGENT_CAP
    return found


def _own_rows(gathered: Gathered) -> set[str]:
    """The first row of each cap. The others are of those it acts for: what they spent says no more against it."""
    firsts: dict[CapUse, str] = {}
    for use, state in zip(gathered.uses, gathered.budgets, strict=True):
        firsts.setdefault(use, any_window(state.key))
    return set(firsts.values())


def _recent(gathered: Gathered) -> set[str]:
    """Its own budgets that turned red within the hour. That of an agent is a key for those alone who act for it."""
    return {name for name in gathered.recent_keys if not name.startswith(f"{KEY}{CapKey.AGENT.value}:")}


def _greens(gathered: Gathered, inputs: Inputs, decision: Decision) -> set[str]:
    """The latches whose episode this decision ends: of its agent and type if all its own evidence is green."""
    over = {any_window(usage.budget_key) for usage in inputs.usages if usage.breached}
    found = {KEY + key for usage in inputs.usages if (key := any_window(usage.budget_key)) not in over}
    own = _OWN & inputs.required_evidence
    if not decision.contradicted and all(inputs.signals.get(kind) is Signal.GREEN for kind in own):
        found.add(f"{TYPE}{gathered.type_id}")
        # a type that requires no evidence of its own says nothing of the whole agent
        if own:
            found.add(AGENT)
    return found


def _over(name: str) -> Over:
    if name in (AGENT, CASES):
        return Over.AGENT if name == AGENT else Over.CASES
    if name.startswith(ERRORS):
        return Over.ERRORS
    return Over.KEY if name.startswith(KEY) else Over.TYPE


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
