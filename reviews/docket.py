"""One case as its page shows it: what it is made of, and what is said of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from governance.policy.tiers import Risk, Tier
from reviews.compared import FactTable, Parameter
from reviews.exposure import Bar
from reviews.material import Material
from reviews.phrases import Left
from reviews.shown import Pieces
from reviews.since import Since
from reviews.tally import Tally


class Phase(StrEnum):
    """Where a case stands for whoever reads it."""

    OPEN = "open"
    MINE = "mine"
    TAKEN = "taken"
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason of the decision, and what would have to change. `limit`: a tier that is too low, like others."""

    sentence: str
    help: str
    limit: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """The standing verdict of a case. `hold` are the seconds until it is final, 0 once it is.

    `against` says why it was approved although required facts did not agree. `waits`: it is the viewer's own, and
    others must approve as well; `before` are those who approved before the last.
    """

    id: int
    approve: bool
    reviewer: str
    mine: bool
    reason: str
    decided_at: dt.datetime
    final_at: dt.datetime
    hold: int
    against: str
    waits: bool = False
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """One case. Digests are hexadecimal; `snapshot_digest` is empty until something was read.

    `trace` only where it has other actions.
    """

    id: UUID
    now: dt.datetime
    phase: Phase
    sentence: Pieces
    agent_id: UUID
    agent: str
    above: tuple[str, ...]
    owner_id: int
    action_id: UUID
    action_type_id: int
    action_type: str
    type_label: str
    amount: int | None
    risk: Risk
    required: Tier
    effective: Tier
    bound_by: str
    opened_by: str
    opened_at: dt.datetime
    left: Left
    why: tuple[Why, ...]
    status: str
    source: str
    read_at: dt.datetime | None
    material: Material
    bars: tuple[Bar, ...]
    amount_known: bool
    rate: str
    refused: int
    refused_amount: int
    taken_by: str
    taken_until: dt.datetime | None
    lease: str
    judged: Judged | None
    halts: int
    rank: int
    action_digest: str
    snapshot_digest: str
    previous: UUID | None
    following: UUID | None
    tally: Tally | None
    since: Since | None
    trace: str

    @property
    def facts(self) -> FactTable | None:
        """What was compared, once something was read."""
        return self.material.facts

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Exactly what would run."""
        return self.material.parameters

    @property
    def is_open(self) -> bool:
        """Whether a person can still decide it."""
        return self.phase in (Phase.OPEN, Phase.MINE, Phase.TAKEN) and self.left.urgency != "over"

    @property
    def spare(self) -> tuple[Bar, ...]:
        """The bars that need no look: all but the first, where they have room."""
        return tuple(bar for bar in self.bars[1:] if not bar.over)

    @property
    def limits(self) -> tuple[Why, ...]:
        """Everything whose tier is too low, where it is more than one thing."""
        found = tuple(why for why in self.why if why.limit)
        return found if len(found) > 1 else ()

    @property
    def grounds(self) -> tuple[Why, ...]:
        """Why a person is asked, besides those limits."""
        return tuple(why for why in self.why if why not in self.limits)

    @property
    def is_notice(self) -> bool:
        """Whether there is nothing to approve: the agent only says that something is out of its scope."""
        return self.action_type == "notice"
