"""READ one case with all that is asked of it, in one statement: for pages and for somebody's next case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from governance.entries import Entry, known
from governance.models import Action, Decision, Snapshot
from reviews import rows
from reviews.cases import TYPE, joined
from reviews.four_eyes import Round, round_now
from reviews.models import Escalation


@dataclass(frozen=True, slots=True)
class Look:
    """One case with what is asked of it besides, at one moment. `entry` is None where it cannot be read.

    `approved`: some approval of it stands. `halted`: some halt is in force. `revision` is that of policy. `extended`:
    it was given more time. `handed`: somebody passed it on or skipped it. `leads`: whoever looks leads reviewers.
    """

    case: Escalation
    entry: Entry | None
    approved: bool
    halted: bool
    revision: int
    extended: bool
    handed: bool
    leads: bool
    now: datetime

    def round(self, *, overrides: bool = False) -> Round | None:
        """The approvals so far; None where its type cannot be read."""
        if self.entry is None:
            return None
        approvals = None if self.approved else ()
        return round_now(self.case, self.entry.spec, self.now, overrides=overrides, approvals=approvals)


_LOOK = rows.Whole(
    """
select {rows}, clock_timestamp() as now, (select i.policy_revision from governance_instance i) as revision,
  exists (select 1 from reviews_verdict v where v.escalation_id = e.id and v.approve
    and v.withdrawn_at is null and v.set_aside_at is null) as approved,
  exists (select 1 from governance_halt h where h.lifted_at is null) as halted,
  exists (select 1 from reviews_extension x where x.escalation_id = e.id) as extended,
  exists (select 1 from reviews_handover h where h.escalation_id = e.id) as handed,
  exists (select 1 from governance_mandate m where m.reviewer_id = %(viewer)s and m.rank >= 2
    and (m.expires_at is null or m.expires_at > clock_timestamp())) as leads
from reviews_escalation e join governance_action a on a.id = e.action_id
join governance_actiontype t on t.id = a.action_type_id
left join governance_decision d on d.action_id = a.id left join governance_snapshot s on s.id = e.snapshot_id
where e.id = %(case)s
""",
    e=Escalation,
    a=Action,
    t=TYPE,
    d=Decision,
    s=Snapshot,
)
_FLAGS = ("approved", "halted", "revision", "extended", "handed", "leads", "now")


def looked_at(case_id: UUID, *, viewer: int) -> Look | None:
    """A case with all that is asked of it for `viewer` (a user id), in one read."""
    found = _LOOK.fetch({"case": case_id, "viewer": viewer})
    if not found:
        return None
    (row,) = found
    joined(row["e"], row)
    entry = known(row["t"].pk, row["t"].revision)
    return Look(case=row["e"], entry=entry, **{name: row[name] for name in _FLAGS})
