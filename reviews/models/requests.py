from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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


class LackKind(models.TextChoices):
    MISSING = "missing", _("A fact that I need is not there")
    UNCLEAR = "unclear", _("A fact does not say what it means")
    STALE = "stale", _("A fact is too old to decide on")
    NEEDLESS = "needless", _("A fact distracts and decides nothing")


class LackAnswer(models.TextChoices):
    CHANGED = "changed", _("The screen shows it now")
    ELSEWHERE = "elsewhere", _("It stands elsewhere on the screen")
    NOT_RECORDED = "not_recorded", _("No record holds it")
    NOT_NEEDED = "not_needed", _("The decision does not depend on it")


class Lack(models.Model):
    """What a reviewer found lacking on the screen of a case, in closed words; the council answers it once.

    `field` is a parameter, claim or fact of the action type, empty for none of them. Nothing of a row ever changes but
    its answer.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="lacks", db_index=False)
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="lacks", db_index=False)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="lacks")
    kind = models.CharField(max_length=8, choices=LackKind.choices)
    field = models.CharField(max_length=64, blank=True)
    told_at = models.DateTimeField()
    answer = models.CharField(max_length=12, choices=LackAnswer.choices, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="answered_lacks", db_index=False
    )
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["escalation", "reviewer", "kind", "field"], name="lack_told_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="lack_is_answered_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["action_type", "kind", "field"], condition=Q(answer=""), name="lack_open"),
        ]

    def __str__(self) -> str:
        return self.kind
