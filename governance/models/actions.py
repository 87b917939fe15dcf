from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q

from governance.models.agents import Agent
from governance.models.catalogue import RISK_CHOICES, ActionType
from governance.models.scopes import TIER_CHOICES
from governance.policy.continuing import Stop


class ActionState(models.TextChoices):
    EXECUTING = "executing"
    ESCALATED = "escalated"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"
    ABANDONED = "abandoned"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Action(models.Model):
    """One intended act of an agent, frozen when it was posted.

    Agents and action types are never deleted (trigger), so no foreign key is checked here: its row
    lock on the one agent or type row would make every decision of an agent meet every other.

    `parameters` and `claims` hold typed values only: sealed text is in `SealedText`, here only its
    length and hash. `amount` is in minor units of the reference currency. `in_flight` are the keys under which it
    counts while it is executing, None where its type limits nothing.

    From `started_at` on it is executing. One whose type asks for checkpoints holds a lease of `lease_seconds`
    until `lease_until`; `checkpoints` counts how often it was renewed. `stopped_at` is when the agent was told
    to stop, and stays (trigger); it then has until `report_by` to say what it did.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="actions", db_index=False, db_constraint=False
    )
    action_type = models.ForeignKey(
        ActionType, on_delete=models.PROTECT, related_name="actions", db_index=False, db_constraint=False
    )
    idempotency_key = models.CharField(max_length=128, null=True)  # noqa: DJ001 -- null once its week is over
    body_hash = models.BinaryField(max_length=32)
    run = models.CharField(max_length=128)
    subject = models.CharField(max_length=128, blank=True)
    entity = models.CharField(max_length=128, blank=True)
    parameters = models.JSONField()
    claims = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32)
    amount = models.BigIntegerField(null=True)
    in_flight = ArrayField(models.TextField(), null=True)
    state = models.CharField(max_length=12, choices=ActionState.choices)
    # under which ticket it was asked, and every agent above it then, the nearest first
    ticket_id = models.UUIDField(null=True)
    chain = ArrayField(models.UUIDField(), default=list)
    # W3C trace context: for display only. A trace that begins here has this action's own id.
    trace_id = models.CharField(max_length=32, blank=True)
    parent_span = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()
    report_by = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    lease_seconds = models.IntegerField(null=True)
    lease_until = models.DateTimeField(null=True)
    checkpoints = models.IntegerField(db_default=0, default=0)
    stopped_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(
        max_length=10, choices=[(stop.value, stop.value) for stop in Stop], blank=True, db_default="", default=""
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "idempotency_key"], name="action_idempotency_key")]
        indexes = [
            BrinIndex(fields=["created_at"], name="action_by_time"),
            models.Index(fields=["agent", "action_type", "-created_at"], name="action_by_agent"),
            # the first subject that a run named is found however much of it names nobody
            models.Index(
                models.F("agent"),
                models.F("run"),
                models.ExpressionWrapper(Q(subject=""), models.BooleanField()),
                models.F("created_at"),
                name="action_by_run",
            ),
            models.Index(fields=["report_by"], condition=Q(state="executing"), name="action_overdue"),
            models.Index(
                fields=["lease_until"],
                condition=Q(state="executing", lease_until__isnull=False),
                name="action_lease_over",
            ),
            models.Index(fields=["entity", "-created_at"], condition=~Q(entity=""), name="action_by_entity"),
            GinIndex(
                fields=["in_flight"],
                condition=Q(state="executing", in_flight__isnull=False),
                fastupdate=False,
                name="action_under_way",
            ),
            # the first action of a trace is found by its id: only those that follow pay for an index
            models.Index(fields=["trace_id", "created_at"], condition=~Q(parent_span=""), name="action_by_trace"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class SealedText(models.Model):
    """Text an agent wrote. No reader of a reviewer page imports this model."""

    action = models.OneToOneField(Action, on_delete=models.PROTECT, related_name="sealed")
    fields = models.JSONField()

    def __str__(self) -> str:
        return "sealed"


class Decision(models.Model):
    """The machine's answer, append-only. `inputs` are enough to decide again to the same answer."""

    action = models.OneToOneField(Action, primary_key=True, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=8)
    effective_tier = models.SmallIntegerField(choices=TIER_CHOICES)
    required_tier = models.SmallIntegerField(choices=TIER_CHOICES)
    effective_risk = models.SmallIntegerField(choices=RISK_CHOICES)
    reasons = models.JSONField()
    bound_by = models.CharField(max_length=200)
    ladder = models.JSONField()
    inputs = models.JSONField()
    answer = models.JSONField()
    policy_revision = models.BigIntegerField()
    authority_epoch = models.BigIntegerField()
    cell = models.CharField(max_length=260)
    probability = models.DecimalField(max_digits=4, decimal_places=3)
    day_key = models.DateField()
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.outcome


class Reservation(models.Model):
    """What an authorised action holds in the budgets: parallel arrays of row, slot and amount.

    Released only on verified non-execution; otherwise the window lets it go.
    """

    action = models.OneToOneField(Action, primary_key=True, on_delete=models.PROTECT, related_name="reservation")
    budgets = ArrayField(models.CharField(max_length=320))
    slots = ArrayField(models.BigIntegerField())
    amounts = ArrayField(models.BigIntegerField())
    reserved_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{len(self.budgets)} budgets"


class Budget(models.Model):
    """One row per key x unit x window: a ring of 61 slots, each a sixtieth of the window.

    A row per bucket would not be locked against a concurrent first writer of the next bucket and
    let 214 of 200 through when raced; one row cannot.
    """

    key = models.CharField(primary_key=True, max_length=320)
    width_ms = models.BigIntegerField()
    head = models.BigIntegerField()
    slots = ArrayField(models.BigIntegerField(), size=61)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(width_ms__gt=0), name="budget_width_positive"),
            models.CheckConstraint(condition=Q(slots__len=61), name="budget_has_61_slots"),
        ]

    def __str__(self) -> str:
        return self.key


class Execution(models.Model):
    """What the agent reported about an action it was allowed to take. Append-only."""

    action = models.OneToOneField(Action, on_delete=models.PROTECT, related_name="execution")
    status = models.CharField(
        max_length=12,
        choices=[(s, s) for s in ("succeeded", "failed", "not_executed", "abandoned")],
    )
    latency_ms = models.IntegerField(null=True)
    record_version = models.CharField(max_length=128, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["reported_at"], name="execution_by_time")]

    def __str__(self) -> str:
        return self.status


class Refusal(models.Model):
    """One `cap_exhausted` answer, insert-only; summed on the case of its key, not an Action."""

    escalation_id = models.UUIDField()
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="refusals", db_index=False, db_constraint=False
    )
    idempotency_key = models.CharField(max_length=128)
    amount = models.BigIntegerField(null=True)
    refused_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "idempotency_key"], name="refusal_once_per_key")]
        indexes = [models.Index(fields=["escalation_id"], name="refusal_by_escalation")]

    def __str__(self) -> str:
        return "cap_exhausted"
