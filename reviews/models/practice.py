from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class PracticeAnswer(models.Model):
    """What a reviewer said of one practice case, and whether it was the known answer. Append-only.

    `drill` is its key in the file of practice cases.
    """

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="practice_answers")
    drill = models.CharField(max_length=32)
    approve = models.BooleanField()
    right = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "drill"], condition=Q(right=True), name="practice_right_once")
        ]

    def __str__(self) -> str:
        return self.drill


class Practised(models.Model):
    """Whoever may take real cases: they answered every practice case rightly, or the council waived it. Append-only."""

    reviewer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="practised")
    at = models.DateTimeField()
    waived_by = models.CharField(max_length=86, blank=True)

    class Meta:
        verbose_name = "finished or waived practice"
        verbose_name_plural = "finished or waived practice"

    def __str__(self) -> str:
        return f"{self.reviewer}"
