from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.catalogue import RISK_CHOICES, ActionType


class Mandate(models.Model):
    """What one reviewer may decide: rank 1-3, money limit, risk, action types, expiry.

    `money_limit` is in minor units of the reference currency. An empty `action_types` means all.
    """

    reviewer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mandate")
    rank = models.SmallIntegerField(default=1)
    money_limit = models.BigIntegerField(default=0)
    max_risk = models.SmallIntegerField(choices=RISK_CHOICES, default=2)
    action_types = models.ManyToManyField(ActionType, blank=True, related_name="mandates")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=3), name="mandate_rank_1_to_3"),
            models.CheckConstraint(condition=Q(money_limit__gte=0), name="mandate_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"rank {self.rank}"


class HaltTarget(models.TextChoices):
    ENTERPRISE = "enterprise"
    DOMAIN = "domain"
    PROJECT = "project"
    AGENT = "agent"
    ACTION_TYPE = "action_type"


class Halt(models.Model):
    """A kill switch that is on until `lifted_at` is set. `key` is the scope key, agent id or type key.

    What it covered recovers in two stages of `recovery_seconds` (0 to a day) each, PROPOSE and then EXECUTE, until
    `recovers_until`; the council may end that earlier.
    """

    target = models.CharField(max_length=11, choices=HaltTarget.choices)
    key = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)
    halted_at = models.DateTimeField()
    halted_by = models.CharField(max_length=150)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)
    recovery_seconds = models.IntegerField(null=True, blank=True)
    recovers_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-halted_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(recovery_seconds__isnull=True) | Q(recovery_seconds__gte=0, recovery_seconds__lte=86_400),
                name="halt_recovers_within_two_days",
            ),
            models.UniqueConstraint(
                fields=["target", "key"],
                condition=Q(lifted_at__isnull=True),
                name="halt_one_open_per_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.key}"
