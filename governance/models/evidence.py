from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.models.actions import Action
from governance.models.agents import Agent
from governance.models.catalogue import ActionType


class Breach(models.Model):
    """A well-formed request that broke its contract: no Action, only this row. Append-only.

    `request` is the hash of Idempotency-Key and body: asking the same again is the same breach.
    """

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="breaches", db_index=False)
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="breaches", db_index=False)
    request = models.BinaryField(max_length=32)
    pointers = models.JSONField()
    breached_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "request"], name="breach_once_per_request")]
        indexes = [models.Index(fields=["agent", "action_type", "-breached_at"], name="breach_latest")]

    def __str__(self) -> str:
        return f"{len(self.pointers)} fields"


class Familiar(models.Model):
    """What an agent has handled of one action type: how many succeeded, and their last 100 amounts, oldest first."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+", db_index=False)
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="+", db_index=False)
    handled = models.IntegerField()
    amounts = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "action_type"], name="familiar_once")]

    def __str__(self) -> str:
        return f"{self.handled} handled"


class Seen(models.Model):
    """A value of a parameter that an agent has handled. Append-only; the value itself is not kept, only its hash."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+", db_index=False)
    action_type = models.ForeignKey(ActionType, on_delete=models.PROTECT, related_name="+", db_index=False)
    parameter = models.CharField(max_length=64)
    value_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "action_type", "parameter", "value_hash"], name="seen_once")
        ]

    def __str__(self) -> str:
        return self.parameter


class SnapshotStatus(models.TextChoices):
    READ = "read"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    UNBOUND = "unbound"


class Snapshot(models.Model):
    """One reading of the system of record for an action. Its digest is what a verdict states.

    `values` are the derived values of the binding (amounts in minor units), `sentence` the closed
    slots of our own sentence about the case. `read_at` is the record system's clock, for people;
    `asked_at` is ours, before reading, and the only one that says how fresh a reading is.
    """

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="snapshots", db_index=False)
    status = models.CharField(max_length=11, choices=SnapshotStatus.choices)
    subject = models.CharField(max_length=128, blank=True)
    source = models.CharField(max_length=80, blank=True)
    version = models.CharField(max_length=128, blank=True)
    values = models.JSONField(default=dict)
    sentence = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32)
    read_at = models.DateTimeField()
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["action", "-id"], name="snapshot_latest")]

    def __str__(self) -> str:
        return self.status


class Fact(models.Model):
    """A value read from the system of record, beside what the agent claimed. Append-only."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="facts")
    position = models.SmallIntegerField()
    name = models.CharField(max_length=64)
    claimed = models.JSONField(null=True)
    recorded = models.JSONField(null=True)
    result = models.CharField(max_length=12)
    required = models.BooleanField()
    material = models.BooleanField()
    show = models.CharField(max_length=8)
    source = models.CharField(max_length=80)
    version = models.CharField(max_length=128, blank=True)
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["snapshot", "position"]

    def __str__(self) -> str:
        return self.name
