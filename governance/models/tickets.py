from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from governance.models.agents import Agent


class Ticket(models.Model):
    """A delegation: until it ends, `child` may act for `parent` in these action types.

    `via` is the ticket under which the parent itself acts. The terms are fixed; only `revoked_at` is ever set, once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tickets_given", db_index=False)
    child = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tickets_held", db_index=False)
    via = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="passed_on")
    action_types = ArrayField(models.BigIntegerField())
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    request_key = models.CharField(max_length=128)
    request_hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["-issued_at"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "request_key"], name="ticket_once_per_request"),
            models.CheckConstraint(condition=~Q(parent=F("child")), name="ticket_not_to_oneself"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="ticket_expires_after_issue"),
            models.CheckConstraint(condition=Q(action_types__len__gt=0), name="ticket_names_a_type"),
        ]
        indexes = [
            models.Index(fields=["child", "-expires_at"], condition=Q(revoked_at=None), name="ticket_by_child"),
            models.Index(fields=["parent", "-expires_at"], condition=Q(revoked_at=None), name="ticket_by_parent"),
        ]

    def __str__(self) -> str:
        return str(self.id)
