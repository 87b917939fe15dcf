from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from governance.models import Action
from reviews.models.escalations import Escalation


class HandKind(models.TextChoices):
    """What somebody did with a case instead of deciding it: to a person, to the next rank, to whoever comes next."""

    PERSON = "person"
    RANK = "rank"
    SKIP = "skip"


class HandReason(models.TextChoices):
    NEEDS_AUTHORITY = "needs_authority", _("It needs more authority than mine")
    KNOWS_BETTER = "knows_better", _("Somebody else knows this customer or type better")
    INTEREST = "interest", _("I have an interest of my own in it")
    INTERRUPTED = "interrupted", _("I cannot finish it now")


class Handover(models.Model):
    """One case that was handed on or skipped, and why. Append-only.

    `to` is the person it was handed to, `rank` the one it needs from then on, and `until` when who skipped it sees it
    again.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="handovers")
    kind = models.CharField(max_length=6, choices=HandKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handed_on", db_index=False)
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="handed_to", db_index=False
    )
    rank = models.SmallIntegerField(null=True)
    reason = models.CharField(max_length=15, choices=HandReason.choices)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="person", to__isnull=False, rank__isnull=True, until__isnull=True)
                | Q(kind="rank", to__isnull=True, rank__isnull=False, until__isnull=True)
                | Q(kind="skip", to__isnull=True, rank__isnull=True, until__isnull=False),
                name="handover_says_where_to",
            )
        ]
        indexes = [models.Index(fields=["by", "until"], condition=Q(kind="skip"), name="handover_skipped")]

    def __str__(self) -> str:
        return self.kind


class Repeat(models.Model):
    """The same action asked for again while its case was open: it joined that case and never gets a grant."""

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="joined")
    action = models.OneToOneField(Action, on_delete=models.PROTECT, related_name="repeat")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.escalation_id}"
