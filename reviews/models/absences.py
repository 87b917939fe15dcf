from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Absence(models.Model):
    """A time in which somebody decides nothing, and who covers for them. Only its end ever comes earlier, once.

    `ended_at` is when they came back before `ends_at`; one that had not begun then never does.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cover = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="covers", db_index=False
    )
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="absence_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(cover=F("person")), name="absence_is_covered_by_another"),
        ]

    def __str__(self) -> str:
        return f"of {self.person_id}"
