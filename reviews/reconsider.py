"""READ the rule again for an action that was decided before, as redemption and everything that continues must."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from governance.cursors import kept
from governance.entries import current
from governance.gather import Held, gather, held_of
from governance.models import Action
from governance.policy.decision import Decision, Inputs, decide
from governance.policy.evidence import Signal
from governance.policy.memory import recalled
from governance.problems import Code, Problem
from governance.rule_on import UNGOVERNED, ruled
from governance.weigh import Wish, weigh
from reviews.governed import judged

MOST_ROUNDS = 3
# The latches of the budgets in which an action reserved; what it may spend was decided when it did.
_KEYS = """
select s.agent_id::text, s.latch, s.strikes, s.in_episode, extract(epoch from s.red_at)::double precision,
    extract(epoch from s.green_since)::double precision, s.pulled_tier
  from governance_reservation r
  join governance_standing s on s.agent_id = any(%s::uuid[])
    and s.latch = any(array(select 'key:' || placet_any_window(b) from unnest(r.budgets) b))
  where r.action_id = %s
"""


def reconsider(action_id: UUID, *, key: bytes, by_policy: bool = False) -> Decision:
    """Decide an action again with what is true now, as redemption must; `key` is the caller's key hash.

    Budgets and facts are left out: redemption reads its own record, and what a grant may spend was
    reserved when it was given. Policy is asked anew, of the evidence that was decided on and what is red since.
    `by_policy`: policy issued the grant, so the guardrail must hold still; the grant itself is counted there already.
    Problems: NOT_FOUND, UNAVAILABLE (policy moves all the time).
    """
    action = Action.objects.select_related("action_type", "decision").filter(pk=action_id).first()
    # as stored now: what this process parsed earlier may have been edited since
    entry = None if action is None else current(action.action_type_id)
    if action is None or entry is None:
        raise Problem(Code.NOT_FOUND, "This action does not exist.")
    wish = Wish(
        spec=entry.spec,
        bound=entry.binding is not None,
        values=action.parameters,
        subject=action.subject,
        amount=action.amount,
        facts=None,
        counted=1,
    )
    for _ in range(MOST_ROUNDS):
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
        inputs = weigh(wish, gathered)
        found = judged(as_decided(inputs, action.decision.inputs), gathered, entry.spec.key)
        if found is not None:
            return decide(inputs if found[1] is UNGOVERNED else ruled(inputs, found[1].ruling))
    raise Problem(Code.UNAVAILABLE, "Policy is being changed: ask again.", retry_after=1)


def _keys(action: UUID, line: list[str]) -> list[Held]:
    with kept() as cursor:
        cursor.execute(_KEYS, [line, action])
        return [held_of(row) for row in cursor.fetchall()]


def as_decided(inputs: Inputs, stored: object) -> Inputs:
    """What policy judges of an action that was decided before: the authority of now on the evidence of then.

    What is red now counts as red. Where the evidence of then cannot be read, that of now stands: it is less.
    """
    try:
        then = recalled(stored)
    except ValueError:
        return inputs
    red = {kind: signal for kind, signal in inputs.signals.items() if signal is Signal.RED}
    return replace(
        inputs,
        facts=then.facts,
        facts_first=then.facts_first,
        usages=then.usages,
        amount=then.amount,
        amount_known=then.amount_known,
        signals={**then.signals, **red},
        novelty=then.novelty,
        novel=then.novel,
        uncertain=then.uncertain,
        confidence=then.confidence,
        elevate=then.elevate,
        agent_reason=then.agent_reason,
    )
