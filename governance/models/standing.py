from __future__ import annotations

from django.db import models
from django.db.models import Q

from governance.models.agents import Agent
from governance.models.scopes import TIER_CHOICES
from governance.policy.standing import Why


class Standing(models.Model):
    """One latch of an agent: `type:<action type id>`, `agent`, `cases`, `level:<action type id>`, `errors:<action type
    id>` (what reviews found) or `key:<budget key>`, which is without its window.

    The policy of standing says what the columns mean. A pull is what a person set: only a person lifts it. The database
    numbers every write (`version`), so that who decided on an older one decides again. Rows are never deleted.
    """

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="standings", db_index=False)
    latch = models.CharField(max_length=324)
    strikes = models.IntegerField(default=0)
    in_episode = models.BooleanField(default=False)
    red_at = models.DateTimeField(null=True)
    green_since = models.DateTimeField(null=True)
    why = models.CharField(max_length=12, blank=True, choices=[(why.value, why.value) for why in Why])
    pulled_tier = models.SmallIntegerField(null=True, choices=TIER_CHOICES)
    pulled_by = models.CharField(max_length=200, blank=True)
    pulled_at = models.DateTimeField(null=True)
    pulled_reason = models.CharField(max_length=200, blank=True)
    restored_by = models.CharField(max_length=200, blank=True)
    restored_at = models.DateTimeField(null=True)
    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "latch"], name="standing_latch"),
            models.CheckConstraint(
                condition=Q(latch__in=["agent", "cases"])
                | Q(latch__regex=r"^(type|level|errors):[1-9][0-9]*$")
                | Q(latch__startswith="key:"),
                name="standing_latch_is_known",
            ),
            models.CheckConstraint(condition=Q(strikes__gte=0), name="standing_strikes_counted"),
            models.CheckConstraint(
                condition=Q(in_episode=False) | Q(red_at__isnull=False, green_since__isnull=True, strikes__gte=1),
                name="standing_episode_has_begun",
            ),
        ]
        indexes = [
            models.Index(fields=["agent", "-version"], name="standing_version"),
            models.Index(fields=["agent", "-red_at"], name="standing_turned_red"),
        ]

    def __str__(self) -> str:
        return self.latch
