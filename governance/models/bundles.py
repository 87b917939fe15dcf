from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Bundle(models.Model):
    """A policy bundle by its name; what it says stands in its versions."""

    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BundleState(models.TextChoices):
    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"


class BundleVersion(models.Model):
    """One version of a bundle: its files as they were, their digest and what the loader found.

    Files, number and digest never change (migration 0002). `shadow`: it runs beside what is active and is only
    logged. `broken_since`: it is active and could not be evaluated, since then. People are named by user name.
    """

    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    files = models.JSONField()
    digest = models.BinaryField(max_length=32)
    report = models.JSONField()
    state = models.CharField(max_length=8, choices=BundleState.choices, default=BundleState.PROPOSED.value)
    shadow = models.BooleanField(default=False)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    activated_by = models.CharField(max_length=150, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    retirement_asked_by = models.CharField(max_length=150, blank=True)
    retired_by = models.CharField(max_length=150, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    broken_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["bundle__name", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "number"], name="bundle_version_once"),
            models.UniqueConstraint(
                fields=["bundle"], condition=Q(state=BundleState.ACTIVE.value), name="bundle_one_active_version"
            ),
            models.CheckConstraint(
                condition=~Q(state=BundleState.ACTIVE.value)
                | (~Q(activated_by="") & ~Q(activated_by=F("proposed_by"))),
                name="bundle_activated_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(retired_by="") | (~Q(retirement_asked_by="") & ~Q(retired_by=F("retirement_asked_by"))),
                name="bundle_retired_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bundle} v{self.number}"


class Shadow(models.Model):
    """What a version that runs beside the active policy would have made of one action. Append-only.

    `tier` None: it could not be evaluated. `outcome` is what would have been answered, `agrees` whether it was.
    """

    action = models.ForeignKey("governance.Action", on_delete=models.PROTECT, related_name="shadows")
    version = models.ForeignKey(BundleVersion, on_delete=models.PROTECT, related_name="shadows", db_index=False)
    tier = models.SmallIntegerField(null=True)
    outcome = models.CharField(max_length=8)
    decided = models.CharField(max_length=8)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(F("version"), F("id").desc(), name="shadow_of_version")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.outcome}"
