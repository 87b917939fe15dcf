"""What a screen reader is told when the page of a case changes by itself, in the language of whoever listens."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.docket import Phase
from reviews.dossier import Dossier

_PHASES = {
    Phase.OPEN: gettext_lazy("open"),
    Phase.MINE: gettext_lazy("yours"),
    Phase.TAKEN: gettext_lazy("taken"),
    Phase.HELD: gettext_lazy("held"),
    Phase.APPROVED: gettext_lazy("approved"),
    Phase.REJECTED: gettext_lazy("rejected"),
    Phase.EXPIRED: gettext_lazy("expired"),
    Phase.WITHDRAWN: gettext_lazy("withdrawn"),
    Phase.SUPERSEDED: gettext_lazy("superseded"),
    Phase.ACKNOWLEDGED: gettext_lazy("acknowledged"),
}
_STATUSES = {
    "checking": gettext_lazy("checking"),
    "read": gettext_lazy("record read"),
    "not_found": gettext_lazy("no such record"),
    "unavailable": gettext_lazy("unreachable"),
    "unbound": gettext_lazy("no record bound"),
}


def announcement(case: Dossier) -> str:
    """The verdict and whether it is final, or where the case stands and what became of reading its record."""
    if case.judged is not None:
        what = _("Approved") if case.judged.approve else _("Rejected")
        return f"{what}, {_('held') if case.judged.hold else _('final')}"
    phase = str(_PHASES[case.phase])
    return f"{phase}, {_STATUSES.get(case.status, '')}".rstrip(", ") if case.is_open else phase
