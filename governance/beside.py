"""READ what a version that runs beside the active policy said of the decisions since, against what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q

from governance.models import Shadow


@dataclass(frozen=True, slots=True)
class Beside:
    """Decisions, each counted once. `failed`: the version could not be evaluated, so it agreed with nothing."""

    agrees: int
    stricter: int
    looser: int
    failed: int

    @property
    def any(self) -> bool:
        """Whether it was asked at all."""
        return bool(self.agrees or self.stricter or self.looser or self.failed)

    def __str__(self) -> str:
        return f"{self.agrees} agree, {self.stricter} stricter, {self.looser} looser, {self.failed} not evaluated"


def beside(version_id: int) -> Beside:
    """What one version said as a shadow, over all of its time as one."""
    failed = Q(tier=None)
    agrees = ~failed & Q(outcome=F("decided"))
    freer = Q(decided="refuse", outcome__in=("escalate", "execute")) | Q(decided="escalate", outcome="execute")
    found = Shadow.objects.filter(version_id=version_id).aggregate(
        asked=Count("pk"),
        agrees=Count("pk", filter=agrees),
        looser=Count("pk", filter=~failed & freer),
        failed=Count("pk", filter=failed),
    )
    stricter = found["asked"] - found["agrees"] - found["looser"] - found["failed"]
    return Beside(found["agrees"], stricter, found["looser"], found["failed"])
