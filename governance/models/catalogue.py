from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from governance.models.scopes import Scope
from governance.policy.tiers import ActionClass, Risk

RISK_CHOICES = [(risk.value, risk.name.lower()) for risk in Risk]
CLASS_CHOICES = [(item.value, item.value) for item in ActionClass]


class ActionType(models.Model):
    """A catalogue entry. `document` is the whole file entry; the columns are what SQL must read.

    `revision` is raised by every edit, so that a process holding a parsed copy notices.
    """

    key = models.CharField(max_length=64, unique=True)
    action_class = models.CharField(max_length=5, choices=CLASS_CHOICES)
    base_risk = models.SmallIntegerField(choices=RISK_CHOICES)
    human_required = models.BooleanField(default=False)
    family = models.CharField(max_length=64)
    tool = models.CharField(max_length=64)
    domain = models.ForeignKey(Scope, null=True, blank=True, on_delete=models.PROTECT, related_name="action_types")
    document = models.JSONField()
    revision = models.BigIntegerField(default=1)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(condition=Q(base_risk__gte=1, base_risk__lte=3), name="action_type_risk_is_known")
        ]

    def __str__(self) -> str:
        return self.key


class Binding(models.Model):
    """Configuration that ties an action type to its record, facts, claims and subject."""

    action_type = models.OneToOneField(ActionType, on_delete=models.PROTECT, related_name="binding")
    document = models.JSONField()

    def __str__(self) -> str:
        return f"binding of {self.action_type}"


class Permission(models.Model):
    """Agent x action type -> earned level. No row, no action."""

    agent = models.ForeignKey("governance.Agent", on_delete=models.PROTECT, related_name="permissions")
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="permissions")
    level = models.SmallIntegerField(
        choices=[
            (0, "L0 draft only"),
            (1, "L1 supervised execution"),
            (2, "L2 monitored autonomy"),
            (3, "L3 full within guardrails"),
        ],
        default=0,
    )
    # What was decided before says nothing of the errors at a level that was lowered since.
    counted_from = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["agent", "action_type"]
        constraints = [
            models.UniqueConstraint(fields=["agent", "action_type"], name="permission_one_per_agent_and_type"),
            models.CheckConstraint(condition=Q(level__gte=0, level__lte=3), name="permission_level_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.action_type} L{self.level}"
