from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from governance.models import Action, Snapshot


class Draw(models.Model):
    """An executed action selected for spot review, with the probability it had. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.OneToOneField(Action, on_delete=models.PROTECT, related_name="draw")
    cell = models.CharField(max_length=260)
    probability = models.DecimalField(max_digits=4, decimal_places=3)
    drawn_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["cell", "drawn_at"], name="draw_by_cell")]

    def __str__(self) -> str:
        return str(self.id)


class Drawable(models.Model):
    """A closed auto-executed action that nobody has looked at for a draw yet.

    A trigger adds the row in the transaction that closes the action, `sample.draw_due` takes it away in
    the transaction that decides about the draw. A queue of rows skips no late commit, as a cursor would.
    """

    action = models.OneToOneField(Action, primary_key=True, on_delete=models.PROTECT, related_name="drawable")

    def __str__(self) -> str:
        return str(self.action_id)


class UnsoundReason(models.TextChoices):
    WRONG_RECORD = "wrong_record", _("It touched the wrong record")
    WRONG_VALUE = "wrong_value", _("An amount or value is wrong")
    NOT_ASKED = "not_asked", _("Nobody asked for it")
    AGAINST_POLICY = "against_policy", _("Our policy does not allow it")
    HARMFUL = "harmful", _("It did harm")


class Finding(models.Model):
    """A human's sound or unsound about a draw. Append-only."""

    draw = models.OneToOneField(Draw, on_delete=models.PROTECT, related_name="finding")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="findings")
    sound = models.BooleanField()
    reason = models.CharField(max_length=16, choices=UnsoundReason.choices, blank=True)
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="findings")
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sound=True, reason="") | (models.Q(sound=False) & ~models.Q(reason="")),
                name="finding_unsound_says_why",
            )
        ]

    def __str__(self) -> str:
        return "sound" if self.sound else "unsound"
