from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from governance.ids import ordered_id
from governance.models import Action, ActionType, Agent, Scope, Snapshot


class EscalationState(models.TextChoices):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    ACKNOWLEDGED = "acknowledged"


class Escalation(models.Model):
    """What a human must decide ("case" on screens).

    `checking` and `pending` are one stored state, `open`, told apart by `snapshot`. `sort_key` is one number so
    that the queue is read by a single index range; cases of one key follow by age, which `id` tells. `cap_key` names
    the budget, in whatever window, whose first over-cap action this case is; `cap_frees_at` is when that action would
    fit again. An action has more than one case only when an approval lost its ground: the older one is superseded and
    named by `previous` of the newer.

    What the queue asks for stands in the row as it was when the case was opened, so that every filter is a range of
    one index: `action_type`, `domain` of the agent, effective `risk`, `entity` of the action, and `owners`, the ids
    of the people who answered for its agents, in order. `line` is the agent at the top of those who asked.

    `digest` is that of its action: asked again while the case is open it joins the case, `repeats` counts how often.
    It is null where another open case holds it. `renewals` count how often the lease was prolonged, `skips` how often
    somebody left it to the others.
    """

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="escalations")
    state = models.CharField(max_length=12, choices=EscalationState.choices, default=EscalationState.OPEN.value)
    opened_by = models.CharField(
        max_length=8, choices=[("decision", "decision"), ("agent", "agent"), ("redeem", "redeem")]
    )
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField()
    rank = models.SmallIntegerField(default=1)
    sort_key = models.BigIntegerField()
    action_type = models.ForeignKey(
        ActionType, on_delete=models.PROTECT, related_name="escalations", db_index=False, db_constraint=False
    )
    domain = models.ForeignKey(
        Scope, null=True, on_delete=models.PROTECT, related_name="escalations", db_index=False, db_constraint=False
    )
    risk = models.SmallIntegerField()
    owners = ArrayField(models.BigIntegerField())
    entity = models.CharField(max_length=128, blank=True)
    line = models.ForeignKey(
        Agent, on_delete=models.PROTECT, related_name="line_escalations", db_index=False, db_constraint=False
    )
    cap_key = models.CharField(max_length=320, null=True)  # noqa: DJ001 -- null is "not over a cap", never an empty key
    cap_frees_at = models.DateTimeField(null=True)
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="escalations")
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="taken")
    taken_until = models.DateTimeField(null=True)
    renewals = models.SmallIntegerField(db_default=0, default=0)
    skips = models.IntegerField(db_default=0, default=0)
    digest = models.BinaryField(max_length=32, null=True)
    repeats = models.IntegerField(db_default=0, default=0)
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followers")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cap_key"],
                condition=Q(state="open", cap_key__isnull=False),
                name="escalation_one_open_per_cap_key",
            ),
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(state="open", digest__isnull=False),
                name="escalation_one_open_per_digest",
            ),
            models.UniqueConstraint(
                fields=["action"],
                condition=~Q(state="superseded"),
                name="escalation_one_live_per_action",
            ),
        ]
        indexes = [
            models.Index(fields=["sort_key", "id"], condition=Q(state="open"), name="escalation_queue"),
            models.Index(
                fields=["action_type", "rank", "risk", "sort_key", "id"],
                condition=Q(state="open"),
                name="escalation_queue_of_type",
            ),
            models.Index(
                fields=["domain", "rank", "risk", "sort_key", "id"],
                condition=Q(state="open"),
                name="escalation_queue_of_domain",
            ),
            models.Index(  # most domains have no case of most types: that must be seen without reading either's
                fields=["domain", "action_type", "rank", "risk", "sort_key", "id"],
                condition=Q(state="open"),
                name="escalation_queue_of_both",
            ),
            models.Index(
                fields=["rank", "risk", "sort_key", "id"], condition=Q(state="open"), name="escalation_queue_of_rank"
            ),
            models.Index(
                fields=["owners", "rank", "risk", "sort_key", "id"],
                condition=Q(state="open"),
                name="escalation_queue_of_owners",
            ),
            models.Index(
                fields=["taken_by", "taken_until"],
                condition=Q(state="open", taken_by__isnull=False),
                name="escalation_taken",
            ),
            models.Index(
                fields=["entity", "sort_key"], condition=Q(state="open") & ~Q(entity=""), name="escalation_of_entity"
            ),
            models.Index(fields=["line", "deadline"], condition=Q(state="open"), name="escalation_of_line"),
            models.Index(
                fields=["opened_at"],
                condition=Q(state="open", snapshot__isnull=True),
                name="escalation_unread",
            ),
            models.Index(fields=["deadline"], condition=Q(state="open"), name="escalation_due"),
            # how many came and went, by time: nearly in the order of the table, and of those that are closed
            BrinIndex(fields=["opened_at"], name="escalation_by_time"),
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="escalation_closed"),
            models.Index(
                fields=["cap_key", "cap_frees_at"],
                condition=Q(cap_key__isnull=False),
                name="escalation_by_cap_key",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class OverrideReason(models.TextChoices):
    VERIFIED_OTHERWISE = "verified_otherwise", "What the rule asks for was verified in another way"
    RULE_UNFIT = "rule_unfit", "The rule was not made for a case like this"
    HARM_OF_WAITING = "harm_of_waiting", "Waiting would harm the customer more"
    ORDERED = "ordered", "A law or a court demands it"


class FactsReason(models.TextChoices):
    """Why somebody of the highest rank approved against a required fact that may be approved over."""

    VERIFIED_OTHERWISE = "verified_otherwise", "I verified it in another way"
    RECORD_OUTDATED = "record_outdated", "The record is known to be out of date"
    HARM_OF_WAITING = "harm_of_waiting", "Waiting would harm the customer more"
    ORDERED = "ordered", "A law or a court demands it"


class Verdict(models.Model):
    """A human's approve or reject: a statement about digests, final at `final_at`.

    `consent_digest` covers everything material that the page showed; a reject may have none. `overridden` names the
    required facts that an approval of the highest rank goes against, `facts_override` says why.
    Where several people must approve, `stage` counts this one among the `stages` that were needed; it `closes` the
    case if it is the last or a reject. Only `withdrawn_at` may ever change, once and before `final_at`, and
    `set_aside_at` of an approval that did not close: its record changed, or its reviewer lost the authority, before
    the last one (trigger in the migration).
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="verdicts")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="verdicts")
    approve = models.BooleanField()
    reject_reason = models.CharField(max_length=32, blank=True)
    override_reason = models.CharField(max_length=18, choices=OverrideReason.choices, blank=True)
    action_digest = models.BinaryField(max_length=32)
    snapshot_digest = models.BinaryField(max_length=32)
    consent_digest = models.BinaryField(max_length=32, default=b"")
    facts_override = models.CharField(max_length=18, choices=FactsReason.choices, blank=True, default="")
    overridden = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    policy_revision = models.BigIntegerField()
    rank = models.SmallIntegerField()
    decided_at = models.DateTimeField()
    final_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    stage = models.SmallIntegerField(default=1)
    stages = models.SmallIntegerField(default=1)
    closes = models.BooleanField(default=True)
    set_aside_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["escalation"],
                condition=Q(withdrawn_at__isnull=True, closes=True),
                name="verdict_one_standing_per_escalation",
            ),
            models.UniqueConstraint(
                fields=["escalation", "reviewer"],
                condition=Q(withdrawn_at__isnull=True, set_aside_at__isnull=True),
                name="verdict_one_standing_per_person",
            ),
            models.UniqueConstraint(
                fields=["escalation", "stage"],
                condition=Q(withdrawn_at__isnull=True, set_aside_at__isnull=True),
                name="verdict_one_standing_per_stage",
            ),
            models.CheckConstraint(condition=Q(stage__gte=1, stage__lte=F("stages")), name="verdict_stage_of_stages"),
            models.CheckConstraint(
                condition=Q(closes=True) | Q(approve=True, stages__gt=1),
                name="verdict_the_last_or_a_reject_closes",
            ),
            models.CheckConstraint(
                condition=Q(set_aside_at__isnull=True) | Q(closes=False, withdrawn_at__isnull=True),
                name="verdict_only_what_waits_is_set_aside",
            ),
            models.CheckConstraint(
                condition=Q(approve=True, reject_reason="") | (Q(approve=False) & ~Q(reject_reason="")),
                name="verdict_a_reject_says_why",
            ),
        ]
        indexes = [models.Index(fields=["reviewer", "-decided_at"], name="verdict_by_reviewer")]

    def __str__(self) -> str:
        return "approve" if self.approve else "reject"
