"""READ what a version that runs beside the active policy said of the decisions since, against what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q

from governance.models import Shadow

# Counted for each line of a list: the newest, however long it has run.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Beside:
    """Decisions, each counted once. `failed`: the version could not be evaluated, so it agreed with nothing.

    `capped`: there are older ones than the `MOST` that are counted.
    """

    agrees: int
    stricter: int
    looser: int
    failed: int
    capped: bool = False

    @property
    def any(self) -> bool:
        """Whether it was asked at all."""
        return bool(self.agrees or self.stricter or self.looser or self.failed)

    def __str__(self) -> str:
        told = f"{self.agrees} agree, {self.stricter} stricter, {self.looser} looser, {self.failed} not evaluated."
        return f"{told} Only the last {MOST} count." if self.capped else told


def beside(version_id: int) -> Beside:
    """What one version said as a shadow of the last `MOST` decisions that it was asked about."""
    failed = Q(tier=None)
    agrees = ~failed & Q(outcome=F("decided"))
    freer = Q(decided="refuse", outcome__in=("escalate", "execute")) | Q(decided="escalate", outcome="execute")
    newest = Shadow.objects.filter(version_id=version_id).order_by("-pk")
    found = newest[:MOST].aggregate(
        asked=Count("pk"),
        agrees=Count("pk", filter=agrees),
        looser=Count("pk", filter=~failed & freer),
        failed=Count("pk", filter=failed),
    )
    stricter = found["asked"] - found["agrees"] - found["looser"] - found["failed"]
    capped = found["asked"] == MOST and newest[MOST : MOST + 1].exists()
    return Beside(found["agrees"], stricter, found["looser"], found["failed"], capped)
