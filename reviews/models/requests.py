from __future__ import annotations

from django.conf import settings
from django.db import models

from governance.models import ActionType
from reviews.models.escalations import Escalation


class BindingRequest(models.Model):
    """A reviewer's request that the council bind an action type to its record. Append-only.

    One row for each reviewer and type. It is open as long as the type has no binding: that is looked up, never stored,
    so saving a binding closes every request for its type by itself.
    """

    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="binding_requests")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="binding_requests")
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="binding_requests")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["action_type", "reviewer"], name="binding_request_once_per_reviewer")
        ]

    def __str__(self) -> str:
        return f"binding of {self.action_type_id}"
