"""READ whether somebody else could decide a case: for the verb that hands it to them."""

from __future__ import annotations

from django.contrib.auth.models import User

from reviews.candidates import TIED, WHY, candidates, matter_now
from reviews.eligible import Hindrance
from reviews.models import Escalation

# Which records are somebody's own is told to nobody who asks by handing a case on; so it shares its sentence.
_UNTOLD = (Hindrance.TOOK_PART, Hindrance.OWN_ACCOUNT, Hindrance.OWN_PROPOSAL)


def obstacle(case: Escalation, user: User) -> str:
    """Why somebody could not decide this case, in one sentence; empty when they could."""
    matter = matter_now(case)
    if matter is None:
        return "The catalogue entry of this action cannot be read."
    found = candidates(case, matter=matter, only=user.pk)
    if not found:
        return "Only an active reviewer may do this."
    why = found[0].hindrance
    # of several approvers nobody learns of the others, not by what is left over either
    blind = why in _UNTOLD or "four_eyes" in case.action_type.document
    return TIED if why is not None and blind else WHY.get(why, "")
