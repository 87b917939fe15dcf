from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from reviews.models.escalations import Escalation


class ExtensionReason(models.TextChoices):
    RECORD_PENDING = "record_pending", _("The record is being put right")
    ASKED_OWNER = "asked_owner", _("The owner of the agent was asked")
    SPECIALIST = "specialist", _("A specialist must look at it")
    NOBODY_HERE = "nobody_here", _("Nobody with the mandate is here in time")


class Extension(models.Model):
    """More time for a case: once, for a listed reason. Append-only."""

    escalation = models.OneToOneField(Escalation, on_delete=models.PROTECT, related_name="extension")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="extensions")
    reason = models.CharField(max_length=16, choices=ExtensionReason.choices)
    before = models.DateTimeField()
    until = models.DateTimeField()
    extended_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("before")), name="extension_gives_time")]

    def __str__(self) -> str:
        return f"until {self.until}"
