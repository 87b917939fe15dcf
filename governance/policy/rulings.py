"""What the rules of policy bundles said of one action, and the one cap that comes of it. Whatever fails caps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.policy.tiers import Tier

TIER_WORDS: Mapping[str, Tier] = {tier.name.lower(): tier for tier in Tier}
MOST_GIVEN = 8


class Enforcement(StrEnum):
    """What the answer of a rule does: nothing but a log line, a cap that rank 3 may override, a cap nobody lifts."""

    ADVISORY = "advisory"
    SOFT = "soft_mandatory"
    HARD = "hard_mandatory"


class Failure(StrEnum):
    """Why a rule gave no answer that counts."""

    UNDEFINED = "undefined"
    UNKNOWN_TIER = "unknown_tier"
    UNKNOWN_REASON = "unknown_reason"
    BROKEN = "broken"
    SLOW = "slow"
    HUGE = "huge"
    CRASHED = "crashed"
    ENGINE_MISSING = "engine_missing"
    NOT_LOADED = "not_loaded"


FAILURES: Mapping[Failure, str] = {
    Failure.UNDEFINED: "It gave no answer.",
    Failure.UNKNOWN_TIER: "Its answer is not a tier.",
    Failure.UNKNOWN_REASON: "It gave a reason that the bundle does not declare.",
    Failure.BROKEN: "It failed.",
    Failure.SLOW: "It took too long.",
    Failure.HUGE: "Its answer was too long.",
    Failure.CRASHED: "Its engine stopped.",
    Failure.ENGINE_MISSING: "No engine for policies is installed.",
    Failure.NOT_LOADED: "The bundle could not be loaded.",
}


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """The answer of one rule. `tier` None or `failure` not empty: it failed. `reasons` are sentences of the bundle."""

    bundle: str
    version: int
    digest: str
    rule: str
    enforcement: Enforcement
    tier: Tier | None
    reasons: tuple[str, ...]
    failure: str = ""

    @property
    def mandatory(self) -> bool:
        """Whether it counts, or is only logged."""
        return self.enforcement is not Enforcement.ADVISORY

    @property
    def sound(self) -> bool:
        """Whether it answered in full."""
        return type(self.tier) is Tier and self.failure == ""

    @property
    def cap(self) -> Tier:
        """What it leaves. A rule that failed leaves PROPOSE at most; a soft one never less, for rank 3 may lift it."""
        told = self.tier if type(self.tier) is Tier else Tier.PROPOSE
        cap = told if self.sound else min(told, Tier.PROPOSE)
        return max(cap, Tier.PROPOSE) if self.enforcement is Enforcement.SOFT else cap

    @property
    def withheld(self) -> bool:
        """Whether it holds the action back from ordinary reviewers too: a mandatory answer under PROPOSE."""
        return self.mandatory and type(self.tier) is Tier and self.tier < Tier.PROPOSE

    @property
    def label(self) -> str:
        """As it stands in a sentence: "refunds v3, rule small_refunds"."""
        return f"{self.bundle} v{self.version}, rule {self.rule}"

    @property
    def why(self) -> str:
        """The reasons as the bundle words them; a failure in words."""
        if not self.sound:
            return FAILURES[_failure(self.failure)]
        return " ".join(self.reasons) or "It gave no reason."


@dataclass(frozen=True, slots=True)
class Ruling:
    """The cap of policy on one action; COMMIT where nothing governs it. `grants`: every mandatory rule said COMMIT."""

    tier: Tier = Tier.COMMIT
    available: bool = True
    grants: bool = False
    rules: tuple[RuleSaid, ...] = ()


def rule_together(rules: Iterable[RuleSaid], *, loaded: bool = True) -> Ruling:
    """One cap from all covering rules: the lowest of the mandatory ones. `loaded` False: a covering bundle is not.

    A bundle without a mandatory rule governs nothing yet: it grants nothing either.
    """
    said = tuple(rules)
    binding = [each for each in said if each.mandatory]
    available = loaded and all(each.sound for each in binding)
    tier = min((each.cap for each in binding), default=Tier.COMMIT)
    return Ruling(
        tier=tier if available else min(tier, Tier.PROPOSE),
        available=available,
        grants=bool(binding) and available and all(each.tier is Tier.COMMIT for each in binding),
        rules=said,
    )


def read_answer(tier: object, reasons: object, declared: Mapping[str, str]) -> tuple[Tier | None, tuple[str, ...], str]:
    """A raw answer as tier, sentences and failure (empty when sound). Total: what is not known is a failure."""
    known = TIER_WORDS.get(tier) if isinstance(tier, str) else None
    if known is None:
        return None, (), Failure.UNDEFINED if tier is None else Failure.UNKNOWN_TIER
    if not isinstance(reasons, Sequence) or isinstance(reasons, str) or len(reasons) > MOST_GIVEN:
        return known, (), Failure.UNKNOWN_REASON
    if not all(isinstance(slug, str) and slug in declared for slug in reasons):
        return known, (), Failure.UNKNOWN_REASON
    return known, tuple(declared[slug] for slug in sorted(set(reasons))), ""


def _failure(value: str) -> Failure:
    try:
        return Failure(value)
    except ValueError:
        return Failure.BROKEN
