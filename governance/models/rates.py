from __future__ import annotations

from django.db import models
from django.db.models import Q


class Rate(models.Model):
    """What one unit of a currency is worth in units of the reference currency, from a moment on. Append-only."""

    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    valid_from = models.DateTimeField()
    pinned_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="rate_is_positive",
            )
        ]
        indexes = [models.Index(fields=["currency", "-valid_from"], name="rate_latest")]

    def __str__(self) -> str:
        return f"{self.currency} at {self.rate.normalize():f}"
