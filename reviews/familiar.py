"""What an agent has handled, kept for the rule of novelty; only for action types that ask for it."""

from __future__ import annotations

from governance.cursors import kept
from governance.models import Action
from governance.policy.action_types import ActionTypeSpec
from governance.policy.novelty import AMOUNTS
from governance.weigh import familiar_values
from reviews.budgets import typed

_HANDLED = """
insert into governance_familiar as f (agent_id, action_type_id, handled, amounts) values (%s, %s, 1, %s::bigint[])
  on conflict (agent_id, action_type_id) do update set handled = f.handled + 1,
    amounts = (f.amounts || excluded.amounts)[greatest(1, cardinality(f.amounts || excluded.amounts) - %s):]
"""
_SEEN = """
insert into governance_seen (agent_id, action_type_id, parameter, value_hash)
  select %s, %s, v.name, decode(v.hash, 'hex') from unnest(%s::text[], %s::text[]) as v(name, hash)
  on conflict do nothing
"""


def note_handled(action: Action, spec: ActionTypeSpec, *, amount: int | None) -> None:
    """Remember an action that was authorised and has succeeded, in the transaction of its report.

    `amount` in minor units of the reference currency, None where it is not known or there is none.
    """
    if spec.novelty is None:
        return
    whose = action.agent_id, action.action_type_id
    values = familiar_values(spec, typed(action))
    with kept() as cursor:
        cursor.execute(_HANDLED, [*whose, [] if amount is None else [amount], AMOUNTS - 1])
        if values:
            cursor.execute(_SEEN, [*whose, [name for name, _ in values], [value for _, value in values]])
