from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from governance.models import Action, ActionType, Agent, Halt


class AlertKind(models.TextChoices):
    MEDIUM_EXECUTION = "medium_execution", _("Ran by itself at medium risk")
    GUARDRAIL_GRANT = "guardrail_grant", _("Granted by policy inside a guardrail")
    RED = "red", _("Evidence turned red")
    HALT = "halt", _("Halted")
    CASE_EXPIRING = "case_expiring", _("A case is about to expire")
    AGAINST_FACTS = "against_facts", _("Approved against the record")
    TOOL_RED = "tool_red", _("A tool is failing")


class Alert(models.Model):
    """A thing a person must see, not decide. Written in the transaction of what it is about, kept for ever.

    `owner` is who was answerable for the agent at that moment; nobody for a halt that covers no agent, or a
    `tool` (or `connector:<name>`) that none may use. Nothing of a row ever changes but its acknowledgement, once.
    """

    kind = models.CharField(max_length=16, choices=AlertKind.choices)
    action = models.ForeignKey(
        Action, null=True, on_delete=models.PROTECT, related_name="alerts", db_index=False, db_constraint=False
    )
    agent = models.ForeignKey(
        Agent, null=True, on_delete=models.PROTECT, related_name="alerts", db_index=False, db_constraint=False
    )
    action_type = models.ForeignKey(
        ActionType, null=True, on_delete=models.PROTECT, related_name="alerts", db_index=False, db_constraint=False
    )
    halt = models.ForeignKey(Halt, null=True, on_delete=models.PROTECT, related_name="alerts", db_index=False)
    tool = models.CharField(max_length=80, blank=True, db_default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="alerts",
        db_index=False,
        db_constraint=False,
    )
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="acknowledged_alerts",
        db_index=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_is_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(kind="halt", halt__isnull=False) | (~Q(kind="halt") & Q(halt__isnull=True)),
                name="alert_of_a_halt_names_it",
            ),
            models.CheckConstraint(
                condition=(Q(kind="tool_red") & ~Q(tool="")) | (~Q(kind="tool_red") & Q(tool="")),
                name="alert_of_a_tool_names_it",
            ),
        ]
        indexes = [
            models.Index(F("owner"), F("id").desc(), condition=Q(acknowledged_at__isnull=True), name="alert_of_owner"),
            models.Index(F("id").desc(), condition=Q(acknowledged_at__isnull=True), name="alert_waiting"),
        ]

    def __str__(self) -> str:
        return self.kind
