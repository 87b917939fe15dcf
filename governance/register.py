from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import By, actor_of, person_behind, require_council
from governance.authenticate import KEY_LIFE, new_key
from governance.guards import invalid, require_an_end, told
from governance.models import Agent, AgentKey, AgentState, Scope, ScopeKind
from governance.models.agents import MOST_REQUESTS, REQUESTS_PER_MINUTE
from governance.policy.names import display_name
from governance.policy.tiers import Tier
from governance.problems import Code, Problem

_WOKEN = (AgentState.SUSPENDED.value, AgentState.ACTIVE.value)
_FINGERPRINT = re.compile(r"[A-Za-z0-9._:-]{0,64}", re.ASCII)


@told()
@transaction.atomic
def register_agent(
    *,
    name: str,
    owner: User,
    project: Scope,
    parent: Agent | None = None,
    max_tier: Tier = Tier.PROPOSE,
    fingerprint: str = "",
    requests_per_minute: int = REQUESTS_PER_MINUTE,
    by: By,
) -> Agent:
    """Register an agent, without key and without permissions. Above PROPOSE is ledgered as a widening.

    It may ask 1 to 60,000 times a minute.

    Problems: FORBIDDEN, INVALID (name taken or not plain, not a project), ABOVE_PARENT.
    """
    actor = require_council(by)
    now = locks.share_authority()
    if project.kind != ScopeKind.PROJECT:
        raise invalid("/project", "An agent belongs to a project.")
    if not owner.is_active:
        raise invalid("/owner", "The owner of an agent is an active person.")
    _refuse_above(parent, max_tier)
    agent = Agent.objects.create(
        name=_name(name),
        owner=owner,
        project=project,
        parent=parent,
        max_tier=_tier(max_tier).value,
        fingerprint=fingerprint_of(fingerprint),
        requests_per_minute=_pace(requests_per_minute),
        registered_at=now,
    )
    body = {**terms(agent), "agent": str(agent.pk), "widening": max_tier > Tier.PROPOSE}
    record.append(event=record.Event.AGENT_REGISTERED, actor=actor, body=body)
    return agent


@told()
@transaction.atomic
def change_agent(
    agent: Agent,
    *,
    by: By,
    name: str | None = None,
    max_tier: Tier | None = None,
    state: AgentState | None = None,
    owner: User | None = None,
    project: Scope | None = None,
    fingerprint: str | None = None,
    requests_per_minute: int | None = None,
    shared: bool | None = None,
) -> list[Agent]:
    """Change what is given; a lower `max_tier` clamps every sub-agent, one entry each. Returns the changed.

    Raising a parent again never raises its sub-agents. To a `shared` agent any agent may delegate by ticket; unsharing
    it ends what was delegated. A widening: a higher tier, sharing, more requests, another project, and waking an agent
    that was suspended. Problems: FORBIDDEN, INVALID, ABOVE_PARENT,
    WRONG_STATE (a retired agent stays retired).
    """
    actor = require_council(by)
    locks.hold_authority()
    stored = Agent.objects.select_for_update(of=("self",)).select_related("parent").get(pk=agent.pk)
    before = terms(stored)
    if stored.state == AgentState.RETIRED and state not in (None, AgentState.RETIRED):
        raise Problem(Code.WRONG_STATE, "A retired agent stays retired: register a new one.")
    if max_tier is not None:
        _refuse_above(stored.parent, max_tier)
        stored.max_tier = _tier(max_tier).value
    if project is not None and project.kind != ScopeKind.PROJECT:
        raise invalid("/project", "An agent belongs to a project.")
    stored.name = stored.name if name is None else _name(name)
    stored.state = stored.state if state is None else AgentState(state).value
    stored.owner = owner or stored.owner
    stored.project = project or stored.project
    stored.fingerprint = stored.fingerprint if fingerprint is None else fingerprint_of(fingerprint)
    if requests_per_minute is not None:
        stored.requests_per_minute = _pace(requests_per_minute)
    stored.shared = stored.shared if shared is None else shared
    if terms(stored) == before:
        return []
    return _save(stored, before, actor)


@told()
@transaction.atomic
def issue_key(agent: Agent, *, by: By, expires_at: datetime | None = None) -> str:
    """A new bearer key, shown this once: only its hash is stored. Without a date it lives for a year.

    With one, no key that the agent issues itself in its place lives longer. The council or the agent's owner.
    Problems: FORBIDDEN, WRONG_STATE (retired), INVALID (past expiry).
    """
    actor = _answerable(agent, by)
    now = locks.share_authority()
    state = Agent.objects.values_list("state", flat=True).get(pk=agent.pk)
    if state == AgentState.RETIRED:
        raise Problem(Code.WRONG_STATE, "A retired agent gets no keys.")
    ends_by, expires_at = expires_at, expires_at or now + KEY_LIFE
    if expires_at <= now:
        raise invalid("/expires_at", "A key expires in the future.")
    require_an_end("/expires_at", expires_at, now)
    key, prefix, digest = new_key()
    row = AgentKey.objects.create(
        agent=agent,
        prefix=prefix,
        digest=digest,
        created_at=now,
        expires_at=expires_at,
        ends_by=ends_by,
        issued_by=person_behind(by),
    )
    body = {"agent": str(agent.pk), "key": row.pk, "prefix": prefix, "expires_at": expires_at.isoformat()}
    record.append(event=record.Event.KEY_ISSUED, actor=actor, body=body)
    return key


@told()
@transaction.atomic
def revoke_key(key: AgentKey, *, by: By) -> AgentKey:
    """End a key now, also for decisions under way. The council or the agent's owner. Problem WRONG_STATE if spent."""
    actor = _answerable(key.agent, by)
    now = locks.hold_authority()
    stored = AgentKey.objects.select_for_update().get(pk=key.pk)
    if stored.revoked_at is not None:
        raise Problem(Code.WRONG_STATE, "This key is revoked already.")
    return end_key(stored, at=now, actor=actor)


def end_key(key: AgentKey, *, at: datetime, actor: str) -> AgentKey:
    """Store that a key ends now, with its entry. The caller alone holds the authority lock."""
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    body = {"agent": str(key.agent_id), "key": key.pk, "prefix": key.prefix}
    record.append(event=record.Event.KEY_REVOKED, actor=actor, body=body)
    return key


def _save(agent: Agent, before: dict[str, Any], actor: str) -> list[Agent]:
    """Store a changed agent and clamp what hangs below it."""
    agent.save()
    after = terms(agent)
    changes = {field: [before[field], after[field]] for field in before if before[field] != after[field]}
    body = {"agent": str(agent.pk), "changes": changes, "widening": _widens(before, after)}
    record.append(event=record.Event.AGENT_CHANGED, actor=actor, body=body)
    return [agent, *_clamp(agent, actor)]


def _widens(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """More than it might before. Another project has other ceilings, halts, policies and budgets above it."""
    more = any(after[term] > before[term] for term in ("max_tier", "shared", "requests_per_minute"))
    moved, woken = after["project"] != before["project"], (before["state"], after["state"]) == _WOKEN
    return more or moved or woken


def _clamp(parent: Agent, actor: str) -> list[Agent]:
    """Lower every sub-agent that stands above its parent, all the way down."""
    clamped: list[Agent] = []
    for child in parent.sub_agents.select_for_update().filter(max_tier__gt=parent.max_tier).order_by("pk"):
        changes = {"max_tier": [child.max_tier, parent.max_tier]}
        child.max_tier = parent.max_tier
        child.save(update_fields=["max_tier"])
        body = {"agent": str(child.pk), "changes": changes, "because": str(parent.pk), "widening": False}
        record.append(event=record.Event.AGENT_CHANGED, actor=actor, body=body)
        clamped += [child, *_clamp(child, actor)]
    return clamped


def _answerable(agent: Agent, by: By) -> str:
    """The owner of an agent answers for its keys; so does the council."""
    if isinstance(by, User) and by.is_active and by.pk == agent.owner_id:
        return actor_of(by)
    return require_council(by)


def terms(agent: Agent) -> dict[str, Any]:
    """What the ledger says about an agent."""
    return {
        "name": agent.name,
        "owner": agent.owner.get_username(),
        "project": agent.project.key,
        "parent": None if agent.parent_id is None else str(agent.parent_id),
        "max_tier": int(agent.max_tier),
        "state": str(agent.state),
        "fingerprint": agent.fingerprint,
        "requests_per_minute": agent.requests_per_minute,
        "shared": agent.shared,
    }


def _name(text: str) -> str:
    try:
        return display_name(text)
    except ValueError as error:
        raise invalid("/name", error) from error


def _tier(tier: Tier) -> Tier:
    if tier not in (Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT):
        raise invalid("/max_tier", "The highest tier of an agent is OBSERVE, PROPOSE, EXECUTE or COMMIT.")
    return Tier(tier)


def fingerprint_of(text: str) -> str:
    """The fingerprint as it is stored. Problem INVALID."""
    if _FINGERPRINT.fullmatch(text) is None:
        raise invalid("/fingerprint", "A fingerprint has up to 64 letters, digits, points, colons and hyphens.")
    return text


def _pace(requests: int) -> int:
    if type(requests) is not int or not 1 <= requests <= MOST_REQUESTS:
        raise invalid("/requests_per_minute", f"An agent may ask 1 to {MOST_REQUESTS:,} times a minute.")
    return requests


def _refuse_above(parent: Agent | None, tier: Tier) -> None:
    if parent is not None and tier > Agent.objects.values_list("max_tier", flat=True).get(pk=parent.pk):
        raise Problem(Code.ABOVE_PARENT, "A sub-agent cannot stand above its parent.")
