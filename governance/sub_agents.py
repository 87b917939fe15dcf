"""The verb by which an agent registers another one below itself."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Manager, Max, Q, QuerySet

from governance import locks, record
from governance.authenticate import KEY_LIFE, Caller, new_key
from governance.fit import require_fit
from governance.guards import invalid, told
from governance.models import ActionType, Agent, AgentKey, AgentState, Permission
from governance.policy.names import name_below
from governance.policy.tiers import Level, Tier
from governance.problems import Code, Problem
from governance.register import fingerprint_of, terms

MOST_BELOW = 64

# Everybody below the root of an agent who is not retired, however they got there.
_BELOW = """
  with recursive down as (
    select id from governance_agent where id = %s
    union all
    select ag.id from governance_agent ag join down on ag.parent_id = down.id where ag.state <> 'retired'
  )
  select count(*) - 1 from down
"""

# Whether any key of an agent was ever used.
_USED = """
  select exists (select 1 from governance_keyuse u join governance_agentkey k on k.id = u.key_id where k.agent_id = %s)
"""

_Keys = Manager[AgentKey] | QuerySet[AgentKey]


@dataclass(frozen=True, slots=True)
class Registered:
    """A sub-agent as its parent is told. Its key and the end of that are None when the key that was given is in use."""

    agent: Agent
    action_types: tuple[str, ...]
    key: str | None
    expires_at: datetime | None


@told()
@transaction.atomic
def register_sub_agent(
    *,
    caller: Caller,
    name: str,
    fingerprint: str = "",
    action_types: Sequence[str] = (),
    request_key: str,
    request_hash: bytes,
) -> Registered:
    """Register an agent below the caller, at PROPOSE and L0, with a key that ends no later than the caller's.

    It stands in the caller's project, the caller's owner answers for it, and its name begins with the caller's.
    The same request again answers the same agent, and while nobody used its key yet with another one in its place.
    Problems: FORBIDDEN (not active, a type that the caller itself may not use, 64 below the root), HALTED, INVALID
    (name taken or not plain), ABOVE_PARENT (a ninth link), IDEMPOTENCY_BODY_CHANGED, IDEMPOTENCY_IN_FLIGHT.
    """
    # whoever makes a key void holds the authority lock alone, which is taken first
    lost = _unused(AgentKey.objects, Agent.objects.filter(parent_id=caller.agent, request_key=request_key).first())
    now = locks.share_authority() if lost is None else locks.hold_authority()
    # two requests at once see each other: one request is one agent, and nobody is the sixty-fifth
    locks.hold_chains()
    parent = Agent.objects.select_related("owner", "project").get(pk=caller.agent)
    known = Agent.objects.filter(parent=parent, request_key=request_key).first()
    if known is not None:
        return _again(known, request_hash, caller, now, renew=lost is not None)
    require_fit(parent.pk)
    types = permitted(parent, action_types)
    _refuse_crowd(parent)
    agent = Agent.objects.create(
        name=_name(parent, name),
        owner=parent.owner,
        project=parent.project,
        parent=parent,
        max_tier=min(Tier.PROPOSE.value, parent.max_tier),
        fingerprint=fingerprint_of(fingerprint),
        registered_at=now,
        request_key=request_key,
        request_hash=request_hash,
        number=_number(parent),
    )
    for action_type in types:
        Permission.objects.create(agent=agent, action_type=action_type, level=int(Level.L0))
    key, row = _key(agent, caller, now)
    keys = tuple(each.key for each in types)
    _recorded(agent, keys, row)
    return Registered(agent, keys, key, row.expires_at)


def _recorded(agent: Agent, action_types: tuple[str, ...], key: AgentKey) -> None:
    body = {
        **terms(agent),
        "agent": str(agent.pk),
        "action_types": list(action_types),
        "key": key.pk,
        "prefix": key.prefix,
        "widening": False,
    }
    record.append(event=record.Event.AGENT_REGISTERED, actor=f"agent:{agent.parent_id}", body=body)


def permitted(agent: Agent, keys: Sequence[str]) -> list[ActionType]:
    """These action types, in this order. Problem FORBIDDEN, naming each that the agent holds no permission for.

    One for a type of another domain than the agent's counts nothing, so it is none.
    """
    own = Q(domain=None) | Q(domain=agent.project.parent_id)
    held = {each.key: each for each in ActionType.objects.filter(own, key__in=keys, permissions__agent=agent)}
    sentence = "This agent holds no permission for this action type."
    missing = tuple((f"/action_types/{place}", sentence) for place, key in enumerate(keys) if key not in held)
    if missing:
        raise Problem(Code.FORBIDDEN, "Nobody gives what it does not hold itself.", fields=missing)
    return [held[key] for key in dict.fromkeys(keys)]


def _unused(keys: _Keys, agent: Agent | None) -> AgentKey | None:
    """The live key that an agent was registered with, while nobody used it.

    Where the issued ones were taken back, only its last one lives. A key that somebody else gave it is no longer lost.
    """
    if agent is None or agent.state != AgentState.ACTIVE:
        return None
    live = list(keys.filter(agent=agent, revoked_at=None))
    if len(live) != 1:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_USED, [agent.pk])
        return None if cursor.fetchone()[0] else live[0]


def _again(known: Agent, request_hash: bytes, caller: Caller, now: datetime, *, renew: bool) -> Registered:
    if not hmac.compare_digest(bytes(known.request_hash or b""), request_hash):
        raise Problem(Code.IDEMPOTENCY_BODY_CHANGED, "This Idempotency-Key was used with another body.")
    types = known.permissions.order_by("pk").values_list("action_type__key", flat=True)
    # whoever uses it for the first time waits for its row, or has written before
    lost = _unused(AgentKey.objects.select_for_update(), known)
    if lost is None:
        return Registered(known, tuple(types), None, None)
    if not renew:  # it committed meanwhile: its key is on its way, and this transaction may void none
        raise Problem(Code.IDEMPOTENCY_IN_FLIGHT, "The same request is still being answered.", retry_after=1)
    require_fit(caller.agent)
    lost.revoked_at = now
    lost.save(update_fields=["revoked_at"])
    key, row = _key(known, caller, now)
    until = None if row.expires_at is None else row.expires_at.isoformat()
    body = {"agent": str(known.pk), "key": row.pk, "prefix": row.prefix, "expires_at": until, "replaces": lost.pk}
    record.append(event=record.Event.KEY_ISSUED, actor=f"agent:{caller.agent}", body=body)
    return Registered(known, tuple(types), key, row.expires_at)


def _name(parent: Agent, name: str) -> str:
    try:
        return name_below(parent.name, name)
    except ValueError as error:
        raise invalid("/name", error) from error


def _number(parent: Agent) -> int:
    """The next number below a parent, under the lock of chains. Nobody's number becomes another's."""
    last = parent.sub_agents.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def _refuse_crowd(parent: Agent) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select placet_lineage(%s, null)", [parent.pk])
        above = cursor.fetchone()[0]
        cursor.execute(_BELOW, [above[-1] if above else parent.pk])
        count = cursor.fetchone()[0]
    if count >= MOST_BELOW:
        raise Problem(Code.FORBIDDEN, f"Below one agent there are at most {MOST_BELOW}, and so many there are.")


def _key(agent: Agent, caller: Caller, now: datetime) -> tuple[str, AgentKey]:
    """Its one key. A key that was stolen gives rise to none that outlives it, and whoever saw that one can see this."""
    own = AgentKey.objects.get(digest=caller.digest)
    key, prefix, digest = new_key()
    row = AgentKey.objects.create(
        agent=agent,
        prefix=prefix,
        digest=digest,
        created_at=now,
        expires_at=now + KEY_LIFE if own.expires_at is None else min(own.expires_at, now + KEY_LIFE),
        issued_by_id=own.issued_by_id,
    )
    return key, row
