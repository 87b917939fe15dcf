from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from governance.models.scopes import TIER_CHOICES, Scope
from governance.policy.tiers import Tier

REQUESTS_PER_MINUTE, MOST_REQUESTS = 600, 60_000


class AgentState(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Agent(models.Model):
    """A registered AI agent. Its owner is the person answerable for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_agents")
    project = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="agents")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="sub_agents")
    max_tier = models.SmallIntegerField(choices=TIER_CHOICES, default=Tier.PROPOSE.value)
    state = models.CharField(max_length=10, choices=AgentState.choices, default=AgentState.ACTIVE.value)
    fingerprint = models.CharField(max_length=64, blank=True)
    requests_per_minute = models.IntegerField(default=REQUESTS_PER_MINUTE)
    shared = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    # of a sub-agent that an agent registered: its Idempotency-Key and the hash of its body
    request_key = models.CharField(max_length=128, null=True, editable=False)  # noqa: DJ001 -- null: by a person
    request_hash = models.BinaryField(max_length=32, null=True, editable=False)
    # and its number below its parent, which reviewers read in place of the name that the agent chose
    number = models.IntegerField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="agent_name_is_unique"),
            models.CheckConstraint(
                condition=Q(max_tier__gte=Tier.OBSERVE.value, max_tier__lte=Tier.COMMIT.value),
                name="agent_max_tier_is_a_tier",
            ),
            models.CheckConstraint(condition=~Q(parent=models.F("id")), name="agent_not_own_parent"),
            models.CheckConstraint(
                condition=Q(requests_per_minute__gte=1, requests_per_minute__lte=MOST_REQUESTS),
                name="agent_rate_is_possible",
            ),
            models.UniqueConstraint(fields=["parent", "request_key"], name="agent_registered_once_per_request"),
            models.UniqueConstraint(fields=["parent", "number"], name="agent_numbered_once_below_its_parent"),
            models.CheckConstraint(
                condition=Q(request_key__isnull=True, number__isnull=True)
                | Q(request_key__isnull=False, number__isnull=False, number__gte=1),
                name="agent_numbered_if_an_agent_registered_it",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgentKey(models.Model):
    """A bearer key `plc_<prefix>_<secret>`: only the SHA-256 of the whole key is stored.

    `ends_by` is the date that a person set: no key that follows this one lives longer. One that an agent issued itself
    `replaces` the one it showed, for the request `request_key`. `issued_by` is the person who saw it when it was made,
    or the one that it follows, or that of the agent that registered this one.
    """

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    ends_by = models.DateTimeField(null=True, blank=True, editable=False)
    replaces = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="successors",
        db_index=False,
    )
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="issued_keys",
        db_index=False,
    )
    request_key = models.CharField(max_length=128, null=True, editable=False)  # noqa: DJ001 -- null: by a person

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(revoked_at__isnull=True), name="key_has_one_successor"
            ),
        ]

    def __str__(self) -> str:
        return f"plc_{self.prefix}_…"


class RequestRate(models.Model):
    """How fast an agent asks. Unlogged: a crash forgets it, and counting waits for no disk. Only SQL writes it."""

    agent_id = models.UUIDField(primary_key=True)
    gap = models.DurationField()
    tat = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.agent_id)
