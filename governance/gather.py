"""The one read of a decision: everything about an agent, its authority and its budgets at one moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.db import connection

from governance.authenticate import Caller, Credential
from governance.gathered import BudgetState as BudgetState
from governance.gathered import CapUse as CapUse
from governance.gathered import Flown as Flown
from governance.gathered import Gathered as Gathered
from governance.gathered import Handled as Handled
from governance.gathered import Held as Held
from governance.gathered import Stored as Stored
from governance.gathered import Watch as Watch
from governance.hot import Statement
from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.guardrails import Guardrail
from governance.policy.health import Source
from governance.policy.recovery import stage
from governance.policy.standing import Latch
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import MAX_LIMIT, Unit, slot_width
from governance.problems import Code, Problem

_GATHER = Statement("placet_gather", "select placet_gather($1, $2, $3, $4, $5, $6, false)")
_ASKED = Statement("placet_asked", "select placet_asked($1, $2, $3, $4, $5, $6)")
_log = structlog.get_logger(__name__)
_SCOPE_KINDS = (LimiterKind.ENTERPRISE, LimiterKind.DOMAIN, LimiterKind.PROJECT)


NOTHING_MORE = Watch()


def gather(
    *,
    key: bytes | None,
    idempotency_key: str | None,
    action_type: str,
    caps: Sequence[CapUse],
    run: str,
    watch: Watch = NOTHING_MORE,
    paced: bool = False,
    guardrail: Guardrail | None = None,
    agent: UUID | None = None,
    ticket: UUID | None = None,
) -> Gathered | None:
    """Read it in one statement by the hash of a bearer key; None when no live key has this hash.

    `paced`: this is a request of the agent, counted against its rate. Problem RATE_LIMITED, with nothing read.
    `guardrail` of the type: what this agent was granted of it is read as well. `agent` in place of a key, for a
    question that no agent asks.
    `ticket` is the delegation it is asked under; whether it stands is in the answer.
    """
    asked = [
        {
            "key": use.cap.key.value,
            "unit": use.cap.unit.value,
            "window": use.cap.window_seconds,
            "name": use.name,
            "value": use.value,
            "room": use.cap.limit - use.amount,
        }
        for use in caps
    ]
    if guardrail is not None:
        asked.append(_counted(guardrail, action_type))
    more = _watched(watch, agent, ticket)
    read = _ASKED if paced else _GATHER
    text = read([key, idempotency_key, action_type, orjson.dumps(asked).decode(), run, more])
    if text is None:
        return None
    row = orjson.loads(text)
    if "wait" in row:
        raise too_fast(int(row["wait"]))
    return _gathered(row, caps, guardrail)


def count_request(key: bytes) -> None:
    """Count a request that is turned away before it is gathered. Problem RATE_LIMITED."""
    with connection.cursor() as cursor:
        cursor.execute("select placet_paced(%s)", [key])
        if cursor.fetchone()[0] is False:
            raise too_fast(1)


def call(credential: Credential) -> Caller | None:
    """The agent of a live key, its call counted: ten times as many as requests, and never less than ten a second.

    For whatever decides nothing new: reads, checkpoints, reports, redemptions. Problem RATE_LIMITED.
    """
    with connection.cursor() as cursor:
        cursor.execute("select agent, name, wait from placet_called(%s)", [credential.digest])
        row = cursor.fetchone()
    if row is None:
        return None
    agent, name, wait = row
    if wait:
        raise too_fast(wait)
    return Caller(agent=agent, name=name, digest=credential.digest)


def too_fast(seconds: int) -> Problem:
    """The one answer to an agent that is over its rate; operators see how often in the log."""
    _log.warning("request refused by rate", seconds=seconds)
    return Problem(Code.RATE_LIMITED, "This agent asks more often than it may.", retry_after=max(1, seconds))


def _watched(watch: Watch, agent: UUID | None, ticket: UUID | None) -> str | None:
    """The document of what is read besides; None, which costs nothing, for most types."""
    more: dict[str, Any] = {}
    if agent is not None:
        more["agent"] = str(agent)
    if watch.flights:
        more["flights"] = watch.flights
    if watch.values is not None:
        more["values"] = watch.values
    if ticket is not None:
        more["ticket"] = str(ticket)
    return orjson.dumps(more).decode() if more else None


def moment(epoch_seconds: float | None) -> dt.datetime | None:
    """A database epoch as an aware UTC time."""
    return None if epoch_seconds is None else _time(epoch_seconds)


def _time(epoch_seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch_seconds, dt.UTC)


def _counted(guardrail: Guardrail, action_type: str) -> dict[str, Any]:
    """The row in which the grants inside a guardrail are counted. It binds no case, so it always has room."""
    return {
        "key": "guardrail",
        "unit": Unit.COUNT.value,
        "window": guardrail.window_seconds,
        "name": "",
        "value": action_type,
        "room": MAX_LIMIT,
    }


def _gathered(row: dict[str, Any], caps: Sequence[CapUse], guardrail: Guardrail | None) -> Gathered:
    chain, halted = row["chain"], row["halts"] or ()
    # the place after the last cap is the guardrail's, which is no cap
    uses = caps if row["places"] is None else [caps[place] for place in row["places"] if place < len(caps)]
    now = _time(row["now"])
    return Gathered(
        now=now,
        epoch=row["epoch"],
        instance_epoch=row["instance_epoch"],
        policy_revision=row["policy_revision"],
        agent=row["agent"],
        agent_name=row["name"],
        fingerprint=row["fingerprint"],
        chain=tuple(each["id"] for each in chain),
        ticket_stands=row["ticket"],
        domain=row["domain"] or "",
        domains_above=tuple(each["domain"] for each in chain if each["domain"] is not None),
        type_id=row["type"],
        type_revision=row["revision"] or 0,
        in_domain=row["type"] is not None and row["in_domain"] is True,
        level=None if row["level"] is None else Level(row["level"]),
        chain_permitted=all(each["level"] is not None for each in chain),
        above=tuple((each["name"], Level(each["level"])) for each in chain if each["level"] is not None),
        limiters=(*_limiters(row), *_recovering(halted, now)),
        inactive=tuple(each["name"] for each in (row, *chain) if each["state"] != "active"),
        halts=tuple(name for name, lifted, *_ in halted if lifted is None),
        connector=row["connector"] or "",
        tool_sources=_sources(row, 0),
        connector_sources=_sources(row, 1),
        breaches=row["breaches"],
        pinned_subject=row["subject"],
        has_day_key=row["day_key"],
        uses=tuple(uses),
        budgets=_budgets(row, uses),
        guardrail=None if guardrail is None else _guardrail(row, guardrail),
        stored=_stored(row["stored"]),
        flights=tuple(Flown(*each) for each in row["flights"] or ()),
        handled=_handled(row["familiar"]),
        line=tuple(zip(row["line"], (each["name"] for each in (row, *chain)), strict=True)),
        latches=tuple(held_of(each) for each in row["latches"] or ()),
        stands=row["stands"],
        recent_keys=frozenset(row["recent"] or ()),
    )


def held_of(row: Sequence[Any]) -> Held:
    """A latch as the database tells it: agent, name, strikes, in episode, red at, green since, pulled tier."""
    agent, name, strikes, in_episode, red, green, pulled = row
    return Held(agent, name, Latch(strikes, in_episode, moment(red), moment(green)), _tier(pulled))


def _sources(row: dict[str, Any], place: int) -> tuple[Source, ...]:
    """What is said of the tool (0) or the connector (1). Who was never heard says nothing but that they are overdue."""
    own, watched = row["health"][place], (row["watched"] or (None, None))[place]
    said = [[*own, False]] if own else []
    # a reading may have committed between the clock and the snapshot of this read
    return tuple(
        Source(good, total, slow, max(0, age or 0), overdue)
        for good, total, slow, age, overdue in said + (watched or [])
    )


def _limiters(row: dict[str, Any]) -> tuple[Limiter, ...]:
    """Ceilings above, every ancestor with its own scopes' ceilings, and the agent itself."""
    names, tiers = row["scopes"][::2], row["scopes"][1::2]
    scopes = [
        Limiter(kind, name or kind.value, _tier(tier))
        for kind, name, tier in zip(_SCOPE_KINDS, names, tiers, strict=True)
    ]
    ancestors = [
        Limiter(LimiterKind.ANCESTOR, each["name"], _lower(_tier(each["tier"]), _tier(each["ceiling"])))
        for each in row["chain"]
    ]
    return (*scopes, *ancestors, Limiter(LimiterKind.AGENT, row["name"], _tier(row["tier"])))


def _recovering(halted: Sequence[Sequence[Any]], now: dt.datetime) -> list[Limiter]:
    """What was halted above and may not yet do all that it could do before."""
    found = []
    for name, lifted, seconds, until in halted:
        if lifted is not None:
            reached = stage(lifted_at=_time(lifted), seconds=seconds, until=_time(until), now=now)
            found += [] if reached is None else [Limiter(LimiterKind.RECOVERY, name, reached.tier, reached.until)]
    return found


def _tier(value: int | None) -> Tier | None:
    return None if value is None else Tier(value)


def _lower(one: Tier | None, other: Tier | None) -> Tier | None:
    return None if one is None or other is None else min(one, other)


def _budgets(row: dict[str, Any], caps: Sequence[CapUse]) -> tuple[BudgetState, ...]:
    cases, frees = row["bound"] or ((None,) * len(caps),) * 2
    return tuple(
        BudgetState(key, slot_width(use.cap.window_seconds), live, case, moment(freed))
        for use, key, live, case, freed in zip(caps, row["keys"], row["lives"], cases, frees, strict=False)
    )


def _handled(row: dict[str, Any] | None) -> Handled | None:
    return None if row is None else Handled(row["handled"], tuple(row["amounts"]), tuple(row["unseen"]))


def _guardrail(row: dict[str, Any], guardrail: Guardrail) -> BudgetState | None:
    """The last row, which stands for no cap; none where nobody registered the type."""
    if not row["keys"]:
        return None
    return BudgetState(row["keys"][-1], slot_width(guardrail.window_seconds), row["lives"][-1], None, None)


def _stored(row: dict[str, Any] | None) -> Stored | None:
    if row is None:
        return None
    return Stored(
        action=row["action"],
        body_hash=bytes.fromhex(row["body_hash"]),
        answer=row["answer"],
        digest=bytes.fromhex(row["digest"]),
        grant=row["grant"],
        expires_at=moment(row["expires_at"]),
    )
