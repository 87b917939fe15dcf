from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from governance.models.actions import Action
from governance.models.agents import Agent


class Grant(models.Model):
    """Ephemeral elevation: one action, one digest, one use. Its state is read by the database clock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="grants", db_index=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="grants", db_index=False, db_constraint=False
    )
    digest = models.BinaryField(max_length=32)
    issued_by = models.CharField(max_length=7, choices=[(name, name) for name in ("machine", "policy", "human")])
    verdict_id = models.BigIntegerField(null=True)
    policy_revision = models.BigIntegerField()
    authority_epoch = models.BigIntegerField()
    instance_epoch = models.BigIntegerField()
    issued_at = models.DateTimeField()
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["action"], condition=Q(voided_at__isnull=True), name="grant_one_live_per_action"
            ),
            models.CheckConstraint(
                condition=Q(issued_by="human", verdict_id__isnull=False)
                | Q(issued_by__in=["machine", "policy"], verdict_id__isnull=True),
                name="grant_a_person_gives_one_by_a_verdict",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("not_before")), name="grant_expires_after_it_opens"),
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True) | Q(voided_at__isnull=True, redeemed_at__gte=F("not_before")),
                name="grant_redeemed_within_its_life",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
