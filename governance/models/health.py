from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from governance.models.agents import Agent

MIN_HEARTBEAT, MAX_HEARTBEAT = 10, 86_400


class ToolReading(models.Model):
    """One outcome of a tool or, as `connector:<name>`, of a connector. Append-only.

    The newest of each source make its health: those without a watcher are reports of agents and readings of
    connectors, and each watcher is a source of its own. `degraded`: a watcher says that it works, but not as it should.
    """

    tool = models.CharField(max_length=80)
    good = models.BooleanField()
    degraded = models.BooleanField(default=False)
    latency_ms = models.IntegerField(null=True, blank=True)
    source = models.CharField(max_length=9, choices=[(s, s) for s in ("report", "connector", "seed", "signal")])
    watcher = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="tool_readings", db_index=False
    )
    read_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tool", "-id"], condition=Q(watcher=None), name="tool_reading_latest"),
            models.Index(
                fields=["tool", "watcher", "-id"], condition=Q(watcher__isnull=False), name="tool_reading_of_watcher"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(source="signal", watcher__isnull=False) | ~Q(source="signal") & Q(watcher=None),
                name="tool_reading_signal_has_watcher",
            )
        ]

    def __str__(self) -> str:
        return f"{self.tool} {'good' if self.good else 'bad'}"


class Watch(models.Model):
    """An agent that may report the health of a tool or, as `connector:<name>`, of a connector. It never uses it.

    `heartbeat_seconds`: it promises a signal at least this often; None: it promises nothing.
    """

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="watches")
    tool = models.CharField(max_length=80)
    heartbeat_seconds = models.IntegerField(null=True, blank=True)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["tool", "agent"]
        verbose_name_plural = "watches"
        constraints = [
            models.UniqueConstraint(fields=["tool", "agent"], name="watch_once_per_tool_and_agent"),
            models.CheckConstraint(
                condition=Q(heartbeat_seconds=None)
                | Q(heartbeat_seconds__gte=MIN_HEARTBEAT, heartbeat_seconds__lte=MAX_HEARTBEAT),
                name="watch_heartbeat_is_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} watches {self.tool}"


class ToolSignal(models.Model):
    """One call of a watcher, of `total` outcomes `good` ones. Append-only; asked again, it gets the same answer.

    `next_by`: when the next one is due, if its watcher promised a heartbeat.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tool_signals", db_index=False)
    idempotency_key = models.CharField(max_length=128)
    body_hash = models.BinaryField(max_length=32)
    tool = models.CharField(max_length=80)
    good = models.IntegerField()
    total = models.IntegerField()
    received_at = models.DateTimeField()
    next_by = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "idempotency_key"], name="tool_signal_once_per_key")]

    def __str__(self) -> str:
        return f"{self.tool} {self.good} of {self.total}"
