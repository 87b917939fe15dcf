from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from governance.policy.tiers import Tier

TIER_CHOICES = [(tier.value, tier.name) for tier in Tier]


class Instance(models.Model):
    """The one row of this deployment: its epochs and revisions.

    `authority_epoch` is bumped by every narrowing and halt, `instance_epoch` by every restore of a
    backup. Both are compared inside the committing statement, never cached.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    authority_epoch = models.BigIntegerField(default=1)
    instance_epoch = models.BigIntegerField(default=1)
    policy_revision = models.BigIntegerField(default=1)
    reference_currency = models.CharField(max_length=3, default="USD")
    born_as_demo = models.BooleanField(default=False)
    born_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="instance_is_one_row")]

    def __str__(self) -> str:
        return f"epoch {self.authority_epoch}"


class ScopeKind(models.TextChoices):
    ENTERPRISE = "enterprise"
    DOMAIN = "domain"
    PROJECT = "project"


class Scope(models.Model):
    """A node of the enterprise > domain > project tree with its ceiling.

    The rule that a child never stands above its parent is a constraint trigger in the database
    (migration 0002), so that shell and SQL cannot pass it either.
    """

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=ScopeKind.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    ceiling = models.SmallIntegerField(choices=TIER_CHOICES, default=Tier.PROPOSE.value)

    class Meta:
        ordering = ["kind", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ceiling__gte=Tier.OBSERVE.value, ceiling__lte=Tier.COMMIT.value),
                name="scope_ceiling_is_a_tier",
            ),
            models.CheckConstraint(
                condition=Q(kind="enterprise", parent__isnull=True) | (~Q(kind="enterprise") & Q(parent__isnull=False)),
                name="scope_only_the_enterprise_has_no_parent",
            ),
            models.UniqueConstraint(F("kind"), condition=Q(kind="enterprise"), name="scope_one_enterprise"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Steward(models.Model):
    """Somebody who may lower the ceiling of a domain or project, and of whatever is in it, besides the council."""

    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="stewards", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stewardships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "person"], name="steward_once_for_a_scope")]

    def __str__(self) -> str:
        return f"steward of {self.scope_id}"
