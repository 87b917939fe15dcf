"""READ the rule again for an action that was decided before, as redemption and everything that continues must."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db import connection

from governance.entries import current
from governance.gather import Held, gather, held_of
from governance.models import Action
from governance.policy.decision import Decision, decide
from governance.problems import Code, Problem
from governance.weigh import Wish, weigh

# The latches of the budgets in which an action reserved; what it may spend was decided when it did.
_KEYS = """
select s.agent_id::text, s.latch, s.strikes, s.in_episode, extract(epoch from s.red_at)::double precision,
    extract(epoch from s.green_since)::double precision, s.pulled_tier
  from governance_reservation r
  join governance_standing s on s.agent_id = any(%s::uuid[])
    and s.latch = any(array(select 'key:' || b from unnest(r.budgets) b))
  where r.action_id = %s
"""


def reconsider(action_id: UUID, *, key: bytes, by_policy: bool = False) -> Decision:
    """Decide an action again with what is true now, as redemption must; `key` is the caller's key hash.

    Budgets and facts are left out: redemption reads its own record, and what a grant may spend was
    reserved when it was given. `by_policy`: policy issued the grant, so the guardrail must hold still; the grant
    itself is counted there already. Raises `Problem` NOT_FOUND.
    """
    action = Action.objects.select_related("action_type").filter(pk=action_id).first()
    # as stored now: what this process parsed earlier may have been edited since
    entry = None if action is None else current(action.action_type_id)
    if action is None or entry is None:
        raise Problem(Code.NOT_FOUND, "This action does not exist.")
    gathered = gather(
        key=key,
        idempotency_key=None,
        action_type=entry.spec.key,
        caps=(),
        run=action.run,
        guardrail=entry.spec.guardrail if by_policy else None,
        ticket=action.ticket_id,
    )
    if gathered is None:
        raise Problem(Code.UNAUTHENTICATED, "This key is not known, or no longer.")
    line = [name for name, _ in gathered.line]
    gathered = replace(gathered, latches=(*gathered.latches, *_keys(action.pk, line)))
    wish = Wish(
        spec=entry.spec,
        bound=entry.binding is not None,
        values=action.parameters,
        subject=action.subject,
        amount=action.amount,
        facts=None,
        counted=1,
    )
    return decide(weigh(wish, gathered))


def _keys(action: UUID, line: list[str]) -> list[Held]:
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [line, action])
        return [held_of(row) for row in cursor.fetchall()]
