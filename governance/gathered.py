"""What one read of a decision finds: an agent, its authority and its budgets at one moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from governance.policy.ceilings import Limiter
from governance.policy.health import Source
from governance.policy.standing import Latch
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import Cap
from governance.problems import Code, Problem

_NO_DELEGATION = "This agent has no delegation of this id that is in force and covers this action type."


@dataclass(frozen=True, slots=True)
class CapUse:
    """One cap of the type with the entity it counts: `name` and `value` are empty unless the key is entity."""

    cap: Cap
    amount: int
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What a budget row holds now. `case` is the case that binds it, `frees_at` when the amount would fit."""

    key: str
    width_ms: int
    live: int
    case: str | None
    frees_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Watch:
    """What is read only for types that ask for it.

    `flights` are limits on what is under way, "agent" or "entity:name=value"; `values` the (parameter, hash) pairs that
    may be new to the agent, None for a type that does not ask for novelty.
    """

    flights: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Flown:
    """How many actions are executing under a key. `place` of its limit; `case`: the open one of this key."""

    key: str
    live: int
    place: int
    case: str | None


@dataclass(frozen=True, slots=True)
class Handled:
    """What the agent has handled of this type: how many, their last amounts in minor units, parameters that are new."""

    count: int
    amounts: tuple[int, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer this agent already got for this idempotency key."""

    action: str
    body_hash: bytes
    answer: dict[str, Any]
    digest: bytes
    grant: str | None
    expires_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """One latch of the agent or of one above it. `pulled`: what a person set."""

    agent: str
    name: str
    latch: Latch
    pulled: Tier | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """One consistent picture. Times are the database's; `type_id` is None for a type that nobody registered.

    `line`: the agent and those above it, by id and name. `latches`: theirs, of this type, of the agents and of the
    budgets asked for. `stands` changes with every write of a standing of one of them. `recent_keys`: the latches of
    budgets that turned red within the hour, only looked up when a budget is over.

    `chain` are the ids of every agent above, nearest first; `above` their names with the levels they hold;
    `domains_above` the domains they stand in.
    `connector`: what the type is verified through, empty when it is not bound. `tool_sources`, `connector_sources`:
    what each source of readings says of them.
    `uses` are the caps that were asked for, a cap once for each of its `budgets`: those who act for others
    count in the rows of everybody above them.
    """

    now: dt.datetime
    epoch: int
    instance_epoch: int
    policy_revision: int
    agent: str
    agent_name: str
    fingerprint: str
    chain: tuple[str, ...]
    ticket_stands: bool
    domain: str
    domains_above: tuple[str, ...]
    type_id: int | None
    type_revision: int
    in_domain: bool
    level: Level | None
    chain_permitted: bool
    above: tuple[tuple[str, Level], ...]
    limiters: tuple[Limiter, ...]
    inactive: tuple[str, ...]
    halts: tuple[str, ...]
    connector: str
    tool_sources: tuple[Source, ...]
    connector_sources: tuple[Source, ...]
    breaches: int
    pinned_subject: str | None
    has_day_key: bool
    uses: tuple[CapUse, ...]
    budgets: tuple[BudgetState, ...]
    guardrail: BudgetState | None
    stored: Stored | None
    line: tuple[tuple[str, str], ...]
    latches: tuple[Held, ...]
    stands: int
    recent_keys: frozenset[str]
    flights: tuple[Flown, ...] = ()
    handled: Handled | None = None

    def require_ticket(self) -> None:
        """Problem DELEGATION_INVALID when it was asked under a ticket that does not stand."""
        if not self.ticket_stands:
            raise Problem(Code.DELEGATION_INVALID, _NO_DELEGATION, fields=(("/delegation", _NO_DELEGATION),))
