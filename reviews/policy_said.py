"""What policy said of a decision, as it was stored with it: each rule of each covering bundle, and what ran beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from governance.policy.reasons import Reason
from governance.policy.rulings import RuleSaid
from governance.policy.tiers import Tier
from reviews import rows

MACHINE_ALONE = (
    "The rule of policy holds back the machine alone: a reviewer whose mandate reaches may approve this action."
)
_PEOPLE_TOO = frozenset((Reason.POLICY_OVERRIDABLE.value, Reason.HARD_CAP.value))


def left_to_people(codes: Iterable[str]) -> str:
    """What a rule leaves to people where a case came of these reasons; empty without one, or if people are held too."""
    given = frozenset(codes)
    return MACHINE_ALONE if Reason.POLICY_RULE.value in given and not given & _PEOPLE_TOO else ""


@dataclass(frozen=True, slots=True)
class RuleTold:
    """One rule. `tier` None: it gave no answer that counts. `sentences` are the bundle's, or why it failed."""

    bundle: str
    version: int
    rule: str
    enforcement: str
    counts: bool
    tier: Tier | None
    sentences: tuple[str, ...]

    @property
    def named(self) -> str:
        """The bundle as people name it: "refunds v3"."""
        return f"{self.bundle} v{self.version}"

    @property
    def words(self) -> str:
        """How its answer is enforced, as a page says it."""
        return self.enforcement.replace("_", " ")


@dataclass(frozen=True, slots=True)
class ShadowTold:
    """A version that ran beside what was active. `tier` None: it could not be evaluated. It never counts."""

    named: str
    tier: Tier | None
    outcome: str


def rules_told(rules: Iterable[RuleSaid]) -> tuple[RuleTold, ...]:
    """The rules by bundle, those that count first."""
    told = (
        RuleTold(
            bundle=each.bundle,
            version=each.version,
            rule=each.rule,
            enforcement=each.enforcement.value,
            counts=each.mandatory,
            tier=each.tier if each.sound else None,
            sentences=each.reasons if each.sound else (each.why,),
        )
        for each in rules
    )
    return tuple(sorted(told, key=lambda each: (each.bundle, not each.counts, each.rule)))


_SHADOWS = """
  select b.name || ' v' || v.number as named, s.tier, s.outcome
  from governance_shadow s join governance_bundleversion v on v.id = s.version_id
  join governance_bundle b on b.id = v.bundle_id
  where s.action_id = %s order by 1
"""


def shadows_told(action: UUID) -> tuple[ShadowTold, ...]:
    """What ran beside the active policy when this action was decided."""
    return tuple(
        ShadowTold(row["named"], None if row["tier"] is None else Tier(row["tier"]), row["outcome"])
        for row in rows.fetch(_SHADOWS, [action])
    )
