"""READ one decision as its page shows it: what was decided, decided again, and what would have to change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from governance.locks import database_now
from governance.policy.explain import Step
from governance.policy.tiers import Risk, Tier
from governance.problems import Code, Problem
from reviews import rows
from reviews.compared import labelled, labels_of
from reviews.explained import Again, Told, again, stored_steps
from reviews.phrases import sentence_of
from reviews.shown import Lens, Pieces, label


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision. `told` is the rule's answer now; it explains what was decided only where `again` is the same."""

    action: UUID
    now: dt.datetime
    decided_at: dt.datetime
    sentence: Pieces
    agent_id: UUID
    agent: str
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
    case: UUID | None
    draw: UUID | None


_DECISION = """
  select a.id, a.state, a.amount, a.subject as named_subject, t.key as type_key, t.document, ag.id as agent_id,
    ag.name as agent, d.outcome, d.effective_tier, d.required_tier, d.effective_risk, d.bound_by, d.reasons, d.ladder,
    d.inputs, d.decided_at, b.document as binding, s.sentence, s.subject,
    (select e.id from reviews_escalation e where e.action_id = a.id order by e.opened_at desc limit 1) as case_id,
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
        type_label=label(row["type_key"]),
        state=row["state"].replace("_", " "),
        outcome=row["outcome"],
        effective=Tier(row["effective_tier"]),
        required=Tier(row["required_tier"]),
        risk=Risk(row["effective_risk"]).name.lower(),
        bound_by=row["bound_by"],
        reasons=tuple((labelled(each["sentence"], labels), each["help"]) for each in row["reasons"]),
        steps=told.steps if told is not None and outcome is Again.SAME else stored_steps(row),
        again=outcome,
        told=told,
        case=row["case_id"],
        draw=row["draw_id"],
    )
