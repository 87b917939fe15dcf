from __future__ import annotations

from django.conf import settings
from django.db import models

from reviews.models.escalations import Escalation


class Showing(models.Model):
    """That the server handed the page of a case, with exactly these facts, to a reviewer who has it. Append-only.

    `consent` is the digest of everything material on that page. Nobody approves it before `readable_at`.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="showings", db_index=False)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    consent = models.BinaryField(max_length=32)
    checks = models.SmallIntegerField()
    shown_at = models.DateTimeField()
    readable_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["escalation", "reviewer", "consent"], name="showing_once_per_reviewer"),
            models.CheckConstraint(condition=models.Q(readable_at__gte=models.F("shown_at")), name="showing_forwards"),
        ]

    def __str__(self) -> str:
        return f"{self.checks} checks"
