"""READ one case as its page shows it: frozen, in our words, from what was verified."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from governance.entries import Entry, readable
from governance.locks import database_now
from governance.policy.memory import pinned_of
from governance.policy.reasons import Reason
from governance.policy.tiers import Risk, Tier
from governance.policy.velocity import Unit, Usage
from governance.problems import Code, Problem
from governance.weigh import cap_uses
from reviews import material, rows, since, tally
from reviews.compared import labelled, labels_of
from reviews.docket import Dossier as Dossier
from reviews.docket import Judged, Why
from reviews.docket import Phase as Phase
from reviews.exposure import as_of_now, bars, named, usages
from reviews.grounds import worth
from reviews.hearing import Hearing
from reviews.models import FactsReason
from reviews.phrases import lasting, left
from reviews.shown import is_sealed, label
from reviews.traces import SHARED

_LIMITS = frozenset(
    {
        Reason.CEILING,
        Reason.CEILING_MISSING,
        Reason.ANCESTOR_CEILING,
        Reason.ANCESTOR_LEVEL,
        Reason.AGENT_CEILING,
        Reason.RECOVERING,
        Reason.LEVEL_TOO_LOW,
        Reason.STANDING,
        Reason.FLOODING,
        Reason.TOO_MANY_ERRORS,
        Reason.POLICY_CAP,
    }
)
# The columns that are shown, or asked about, as they are stored.
_SAME = (
    "id",
    "agent_id",
    "agent",
    "owner_id",
    "action_id",
    "opened_by",
    "opened_at",
    "read_at",
    "refused",
    "refused_amount",
    "taken_until",
    "halts",
    "rank",
    "action_digest",
    "following",
)
_CASE = """
  select e.id, e.state, e.opened_by, e.opened_at, e.rank, e.taken_by_id, e.taken_until, e.previous_id,
    case when exists (select 1 from governance_halt h where coalesce(h.lifted_at, 'infinity') > e.opened_at)
      then placet_case_due(e.id, %(now)s) else e.deadline end as due,
    u.username as taken_by, a.id as action_id, a.parameters, a.amount,
    a.created_at as asked_at, d.inputs->'rate' as rate, encode(a.digest, 'hex') as action_digest,
    (select array_agg(placet_named(up) order by c.place) from unnest(a.chain) with ordinality as c(id, place)
      join governance_agent up on up.id = c.id) as above,
    a.subject as named_subject, a.trace_id, t.id as type_id, t.key as type_key,
    t.document, s.id as snapshot_id, s.sentence, exists (select 1 from reviews_verdict v where v.escalation_id = e.id)
      as said, {shared},
    ag.id as agent_id, placet_named(ag) as agent, ag.owner_id, d.effective_risk, d.required_tier, d.effective_tier,
    d.bound_by, d.reasons, d.inputs->'usages' as usages, s.status, s.source, s.read_at, s.values, s.subject,
    encode(s.digest, 'hex') as snapshot_digest, b.document as binding,
    (select f.id from reviews_escalation f where f.previous_id = e.id limit 1) as following,
    case when exists (select 1 from governance_halt h where h.lifted_at is null)
      then (select count(*) from placet_halts_over(a.id) h where h.lifted_at is null) else 0 end as halts,
    (select count(*) from governance_refusal r where r.escalation_id = e.id) as refused,
    (select coalesce(sum(r.amount), 0)::bigint from governance_refusal r
       where r.escalation_id = e.id) as refused_amount
  from reviews_escalation e
  join governance_action a on a.id = e.action_id
  join governance_actiontype t on t.id = a.action_type_id
  join governance_agent ag on ag.id = a.agent_id
  join governance_decision d on d.action_id = a.id
  left join governance_snapshot s on s.id = e.snapshot_id
  left join governance_binding b on b.action_type_id = t.id
  left join auth_user u on u.id = e.taken_by_id
  where e.id = %(case)s
""".replace("{shared}", SHARED)
_VERDICT = """
  select v.id, v.approve, v.facts_override, coalesce(r.sentence, v.reject_reason) as reason, v.decided_at,
    v.final_at, v.reviewer_id, v.closes, u.username as reviewer,
    case when v.closes then array(select o.username from reviews_verdict b join auth_user o on o.id = b.reviewer_id
      where b.escalation_id = v.escalation_id and not b.closes and b.withdrawn_at is null and b.set_aside_at is null
      order by b.stage) end as before
  from reviews_verdict v join auth_user u on u.id = v.reviewer_id
  left join reviews_rejectreason r on r.code = v.reject_reason
  where v.escalation_id = %(case)s and v.withdrawn_at is null and v.set_aside_at is null
    and (v.closes or v.reviewer_id = %(viewer)s)
  order by v.closes desc limit 1
"""


def read(case: UUID, *, viewer: int, heard: Hearing | None = None) -> Dossier:
    """One case as `viewer` (a user id) may see it, at the moment when it was `heard` if it was. Problem NOT_FOUND."""
    now = database_now() if heard is None else heard.now
    found = rows.fetch(_CASE, {"case": case, "now": now})
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such case.")
    row = found[0]
    shown = material.of(row, None if heard is None else heard.case.snapshot)
    judged = _judged(case, viewer, now) if row["said"] else None
    amount, known, used, rate = _exposed(row, readable(row["type_id"]) if heard is None else heard.entry)
    return Dossier(
        **_same(row),
        now=now,
        phase=_phase(row, judged, viewer, now),
        sentence=shown.sentence,
        material=shown,
        above=tuple(row["above"] or ()),
        action_type_id=row["type_id"],
        action_type=row["type_key"],
        type_label=label(row["type_key"]),
        amount=amount,
        risk=Risk(row["effective_risk"]),
        required=Tier(row["required_tier"]),
        effective=Tier(row["effective_tier"]),
        bound_by=_bound_by(row["bound_by"]),
        left=left(row["opened_at"], row["due"], now),
        why=_why(row),
        status=row["status"] or "checking",
        source=row["source"] or "",
        bars=named(bars(used)),
        amount_known=known,
        rate=rate,
        taken_by=_holder(row, viewer, now),
        lease=lasting(row["taken_until"], now),
        judged=judged,
        snapshot_digest=row["snapshot_digest"] or "",
        previous=row["previous_id"],
        tally=tally.read(row["action_id"]),
        since=since.read(case, shown) if row["previous_id"] else None,
        trace=row["trace_id"] if row["shared"] else "",
    )


def _same(row: rows.Row) -> dict[str, Any]:
    """What the page takes from the row as it is."""
    return {name: row[name] for name in _SAME}


def _exposed(row: rows.Row, entry: Entry | None) -> tuple[int | None, bool, tuple[Usage, ...], str]:
    """The amount, whether it is known where the type has one, the caps, and the rate of the amount.

    All as they are now, or were at the decision. A cap on money says nothing about an amount that nobody knows, so it
    is left out.
    """
    amount, used, rate = row["amount"], usages(row["usages"]), pinned_of(row["rate"]) if row["rate"] else None
    if entry is not None and row["state"] == "open":
        values = {name: value for name, value in row["parameters"].items() if not is_sealed(value)}
        found = worth(entry.spec.money_in(values, row["values"] or {}), asked_at=row["asked_at"], inputs=row)
        amount, rate = found.amount, found.pinned
        subject = row["subject" if row["status"] == "read" else "named_subject"]
        uses = cap_uses(entry.spec, values=values, subject=subject, amount=amount)
        used = as_of_now(row["action_id"], uses)
    known = amount is not None or entry is None or entry.spec.amount is None
    used = used if known else tuple(each for each in used if each.cap.unit is not Unit.MONEY)
    return amount, known, used, "" if rate is None else str(rate)


def _why(row: rows.Row) -> tuple[Why, ...]:
    labels = labels_of(row["binding"])
    return tuple(
        Why(labelled(each["sentence"], labels), each["help"], each["code"] in _LIMITS) for each in row["reasons"]
    )


def _bound_by(text: str) -> str:
    """What bound the decision, where it is not one of its reasons said again."""
    return "" if text.startswith(("evidence: ", "request: ")) else text


def _phase(row: rows.Row, judged: Judged | None, viewer: int, now: dt.datetime) -> Phase:
    if judged is not None and judged.waits and judged.hold and row["state"] == "open":
        return Phase.HELD
    if row["state"] != "open":
        return Phase.HELD if judged is not None and judged.hold else Phase(row["state"])
    if row["taken_until"] is None or row["taken_until"] <= now:
        return Phase.OPEN
    return Phase.MINE if row["taken_by_id"] == viewer else Phase.TAKEN


def _holder(row: rows.Row, viewer: int, now: dt.datetime) -> str:
    """Who decides it now. Where several people decide, none of them learns here who was there before."""
    if row["taken_until"] is None or row["taken_until"] <= now:
        return ""
    blind = "four_eyes" in row["document"] and row["taken_by_id"] != viewer
    return "another reviewer" if blind else str(row["taken_by"])


def _judged(case: UUID, viewer: int, now: dt.datetime) -> Judged | None:
    found = rows.fetch(_VERDICT, {"case": case, "viewer": viewer})
    if not found:
        return None
    row = found[0]
    seconds = (row["final_at"] - now).total_seconds()
    return Judged(
        id=row["id"],
        approve=row["approve"],
        reviewer=row["reviewer"],
        mine=row["reviewer_id"] == viewer,
        reason=row["reason"],
        decided_at=row["decided_at"],
        final_at=row["final_at"],
        against=str(FactsReason(row["facts_override"]).label) if row["facts_override"] else "",
        hold=max(0, -int(-seconds // 1)),
        waits=not row["closes"],
        before=tuple(row["before"] or ()),
    )
