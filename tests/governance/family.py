"""Agents beyond the cast, and the delegations between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction

from governance import delegate, locks, permit, record, register
from governance.authenticate import Caller, Credential, hash_key, identify
from governance.models import Agent, Scope, Ticket
from governance.policy.tiers import Level, Tier
from tests.cast import BY, Cast

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Member:
    """An agent with its key."""

    agent: Agent
    key: str

    @property
    def caller(self) -> Caller:
        return caller_of(self.key)

    @property
    def credential(self) -> Credential:
        return Credential(hash_key(self.key))


def caller_of(key: str) -> Caller:
    found = identify(Credential(hash_key(key)))
    assert found is not None
    return found


def hired(
    cast: Cast,
    name: str,
    *,
    parent: Agent | None = None,
    tier: Tier = Tier.EXECUTE,
    level: Level | None = Level.L2,
    shared: bool = False,
    owner: User | None = None,
    project: Scope | None = None,
) -> Member:
    """An agent of the council's, who may ask for refunds of the bench unless `level` is None."""
    agent = register.register_agent(
        name=name, owner=owner or cast.mary, project=project or cast.refunds, parent=parent, max_tier=tier, by=BY
    )
    if shared:
        register.change_agent(agent, shared=True, by=BY)
    if level is not None:
        permit.set_level(agent, cast.refund, level=level, by=BY)
    return Member(agent, register.issue_key(agent, by=BY))


def ticket(
    parent: Member | Caller,
    child: Agent | Member,
    *,
    types: Sequence[str] = ("bench.refund",),
    seconds: int = 3600,
    via: Ticket | None = None,
) -> Ticket:
    """A delegation, as the agent asks for it."""
    number = next(_numbers)
    return delegate.issue_ticket(
        caller=parent.caller if isinstance(parent, Member) else parent,
        child=str((child.agent if isinstance(child, Member) else child).pk),
        action_types=types,
        seconds=seconds,
        via=None if via is None else via.pk,
        request_key=f"ticket-{number}",
        request_hash=number.to_bytes(32, "big"),
    )


def lineage(agent: Agent, under: UUID | None = None) -> list[UUID]:
    """Everybody above an agent, as the database walks it."""
    with connection.cursor() as cursor:
        cursor.execute("select placet_lineage(%s, %s)", [agent.pk, under])
        found: list[UUID] = cursor.fetchone()[0]
    return found


def expired(parent: Member, child: Member, *, type_id: int) -> Ticket:
    """A ticket that was given a day ago and ended an hour ago by the clock."""
    now, number = locks.database_now(), next(_numbers)
    with transaction.atomic():
        record.append(event=record.Event.DELEGATED, actor="system:tests", body={})
        return Ticket.objects.create(
            parent=parent.agent,
            child=child.agent,
            action_types=[type_id],
            issued_at=now - timedelta(days=1),
            expires_at=now - timedelta(hours=1),
            request_key=f"expired-{number}",
            request_hash=number.to_bytes(32, "big"),
        )
