"""READ one decision as its page shows it: what was decided, decided again, and what would have to change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from governance.locks import database_now
from governance.policy.decision import Outcome
from governance.policy.explain import Step
from governance.policy.tiers import Risk, Tier
from governance.problems import Code, Problem
from reviews import rows
from reviews.compared import labelled, labels_of
from reviews.explained import Again, Told, again, stored_steps
from reviews.exposure import named
from reviews.phrases import sentence_of
from reviews.policy_said import ShadowTold, shadows_told
from reviews.shown import Lens, Pieces, label
from reviews.traces import shared


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision. `above`: whom the agent acted for, the nearest first; `trace` only where it has other actions.

    `told` is the rule's answer now; it explains what was decided only where `again` is the same.
    """

    action: UUID
    now: dt.datetime
    decided_at: dt.datetime
    sentence: Pieces
    agent_id: UUID
    agent: str
    above: tuple[tuple[UUID, str], ...]
    ticket: bool
    trace: str
    type_label: str
    state: str
    outcome: str
    effective: Tier
    required: Tier
    risk: str
    bound_by: str
    reasons: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    again: Again
    told: Told | None
    shadows: tuple[ShadowTold, ...]
    case: UUID | None
    draw: UUID | None

    @property
    def asked(self) -> bool:
        """Whether a person decides it whatever the tiers are, so that the lowest step is no tier of anybody's."""
        return self.outcome == Outcome.ESCALATE and any(step.tier < self.effective for step in self.steps)


_DECISION = """
  select a.id, a.state, a.amount, a.subject as named_subject, t.key as type_key, t.document, ag.id as agent_id,
    placet_named(ag) as agent, a.chain, a.ticket_id, a.trace_id, d.outcome,
    d.effective_tier, d.required_tier, d.effective_risk, d.bound_by, d.reasons, d.ladder,
    d.inputs, d.decided_at, b.document as binding, s.sentence, s.subject,
    coalesce((select e.id from reviews_escalation e where e.action_id = a.id order by e.opened_at desc limit 1),
      (select r.escalation_id from reviews_repeat r where r.action_id = a.id)) as case_id,
    (select w.id from reviews_draw w where w.action_id = a.id limit 1) as draw_id
  from governance_action a
  join governance_actiontype t on t.id = a.action_type_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_decision d on d.action_id = a.id
  left join governance_binding b on b.action_type_id = t.id
  left join lateral (select sentence, subject from governance_snapshot where action_id = a.id and status = 'read'
    order by id desc limit 1) s on true
  where a.id = %s
"""


_ABOVE = """
  select ag.id, placet_named(ag) as name from unnest(%s::uuid[]) with ordinality as c(id, place)
  join governance_agent ag on ag.id = c.id order by c.place
"""


def read(action: UUID) -> Decided:
    """One decision. Problem NOT_FOUND."""
    found = rows.fetch(_DECISION, [action])
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such decision.")
    row = found[0]
    labels = labels_of(row["binding"])
    lens = Lens.of(row["binding"], row["document"], subjects=(row["subject"], row["named_subject"]))
    outcome, told = again(row, labels)
    return Decided(
        action=row["id"],
        now=database_now(),
        decided_at=row["decided_at"],
        sentence=sentence_of(row["type_key"], row["amount"], row["sentence"], lens),
        agent_id=row["agent_id"],
        agent=row["agent"],
        above=tuple((each["id"], each["name"]) for each in rows.fetch(_ABOVE, [row["chain"]])) if row["chain"] else (),
        ticket=row["ticket_id"] is not None,
        trace=row["trace_id"] if shared(row["trace_id"], row["id"]) else "",
        type_label=label(row["type_key"]),
        state=row["state"].replace("_", " "),
        outcome=row["outcome"],
        effective=Tier(row["effective_tier"]),
        required=Tier(row["required_tier"]),
        risk=Risk(row["effective_risk"]).name.lower(),
        bound_by=labelled(row["bound_by"], labels),
        reasons=tuple((labelled(each["sentence"], labels), each["help"]) for each in row["reasons"]),
        steps=told.steps if told is not None and outcome is Again.SAME else stored_steps(row),
        again=outcome,
        told=told and replace(told, bars=named(told.bars)),
        shadows=shadows_told(row["id"]),
        case=row["case_id"],
        draw=row["draw_id"],
    )
