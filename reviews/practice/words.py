"""What a practice case is called once it was answered, and what is said of it then: ours alone, word by word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Lesson:
    """`title` names the case, `says` tells why the answer is what it is."""

    title: str | Promise
    says: str | Promise


LESSONS: Mapping[str, Lesson] = MappingProxyType(
    {
        "agrees": Lesson(
            _("Everything agrees"),
            _(
                "Approve. Every required fact agrees with the record, the customer of the run owns the order, and the"
                " exposure is far below every cap. That an agent has not earned the level yet is why you are asked, not"
                " a reason to reject."
            ),
        ),
        "amount": Lesson(
            _("The amount differs"),
            _(
                "Reject. The record says $34.50 was paid; the agent would pay back $345.00. What differs stands on top"
                " of the table. You cannot correct an amount: an action that is put right is a new action. On a real"
                " case Approve is off while a required fact differs."
            ),
        ),
        "subject": Lesson(
            _("Somebody else's record"),
            _(
                "Reject. Amount, items and payment method are right, but the order belongs to another customer than the"
                " one on whose behalf the agent acts. Look at the line of who asked and whose record it is first: right"
                " figures of somebody else's order are the commonest trick."
            ),
        ),
        "missing": Lesson(
            _("There is no such record"),
            _(
                "Reject. The system of record has no such order, so nothing of what the agent says can be checked. What"
                " no record holds cannot be approved by anybody."
            ),
        ),
        "unclaimed": Lesson(
            _("Nothing was claimed, and nothing had to be"),
            _(
                "Approve. The agent left out claims that it may leave out: not claimed is not a difference. Every"
                " required fact was read from the record and agrees with what would run."
            ),
        ),
        "unreachable": Lesson(
            _("The record does not answer"),
            _(
                "Reject, or better: press Verify again first, or give the case back while there is time. An approval"
                " without facts is a guess. You saw the same refund with its facts before; it was right then, and"
                " nothing says that it still is. On a real case Approve is off until the record answers."
            ),
        ),
        "payee": Lesson(
            _("An account that was never paid"),
            _(
                "Reject. The payee is known but the account number is not the one on file, and no money ever went"
                " there. A changed account number is how payments are hijacked. Whoever keeps the payees changes it"
                " first, with two people; then the agent asks anew."
            ),
        ),
        "exposure": Lesson(
            _("Over a hard cap"),
            _(
                "Reject. Every fact agrees, and the bar says the rest: with this one the enterprise would reach"
                " $100,280.00 in 24 hours, over a hard cap of $100,000.00, which no approval passes. A cap that is not"
                " hard you may pass within your mandate: then know first why there was so much before this one."
            ),
        ),
        "four_eyes": Lesson(
            _("Two people decide"),
            _(
                "Approve. Every required fact agrees and the payee was paid before; the amount is why two people are"
                " asked. You do not see what the other says, and they do not see you: judge as if you were the only"
                " one. One reject ends it."
            ),
        ),
    }
)
