from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.models import ActionType


class RejectReason(models.Model):
    """A preset reason to reject, of the council. Without an action type it is offered for every one.

    `code` is what agents are told and never changes, nor does the sentence: a reason is retired, once, and another one
    added. What was said with a retired reason stays readable.
    """

    code = models.CharField(max_length=32, unique=True)
    sentence = models.CharField(max_length=80)
    action_type = models.ForeignKey(
        ActionType, null=True, blank=True, on_delete=models.PROTECT, related_name="reject_reasons"
    )
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex="^[a-z][a-z0-9_]{2,31}$"), name="reject_reason_has_a_code"),
            models.CheckConstraint(condition=~Q(sentence=""), name="reject_reason_says_something"),
        ]

    def __str__(self) -> str:
        return self.code
