from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._tables import CreateModels


class Migration(migrations.Migration):
    """The tables of judgement, each whole."""

    initial = True

    dependencies = [
        ("auth", "__first__"),
        ("governance", "0001_initial"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Drawable",
                    fields=[
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="drawable",
                                serialize=False,
                                to="governance.action",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Alert",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("medium_execution", "Ran by itself at medium risk"),
                                    ("guardrail_grant", "Granted by policy inside a guardrail"),
                                    ("red", "Evidence turned red"),
                                    ("halt", "Halted"),
                                    ("case_expiring", "A case is about to expire"),
                                    ("against_facts", "Approved against the record"),
                                    ("tool_red", "A tool is failing"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("tool", models.CharField(blank=True, db_default="", max_length=80)),
                        ("raised_at", models.DateTimeField()),
                        ("acknowledged_at", models.DateTimeField(null=True)),
                        (
                            "acknowledged_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="acknowledged_alerts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "action",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alerts",
                                to="governance.action",
                            ),
                        ),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alerts",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alerts",
                                to="governance.agent",
                            ),
                        ),
                        (
                            "halt",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alerts",
                                to="governance.halt",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alerts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                models.F("owner"),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("acknowledged_at__isnull", True)),
                                name="alert_of_owner",
                            ),
                            models.Index(
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("acknowledged_at__isnull", True)),
                                name="alert_waiting",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="alert_is_acknowledged_by_somebody",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("halt__isnull", False), ("kind", "halt")),
                                    models.Q(models.Q(("kind", "halt"), _negated=True), ("halt__isnull", True)),
                                    _connector="OR",
                                ),
                                name="alert_of_a_halt_names_it",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "tool_red"), models.Q(("tool", ""), _negated=True)),
                                    models.Q(models.Q(("kind", "tool_red"), _negated=True), ("tool", "")),
                                    _connector="OR",
                                ),
                                name="alert_of_a_tool_names_it",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Draw",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("cell", models.CharField(max_length=260)),
                        ("probability", models.DecimalField(decimal_places=3, max_digits=4)),
                        ("drawn_at", models.DateTimeField()),
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="draw", to="governance.action"
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["cell", "drawn_at"], name="draw_by_cell")],
                    },
                ),
                migrations.CreateModel(
                    name="Escalation",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Open"),
                                    ("approved", "Approved"),
                                    ("rejected", "Rejected"),
                                    ("expired", "Expired"),
                                    ("withdrawn", "Withdrawn"),
                                    ("superseded", "Superseded"),
                                    ("acknowledged", "Acknowledged"),
                                ],
                                default="open",
                                max_length=12,
                            ),
                        ),
                        (
                            "opened_by",
                            models.CharField(
                                choices=[("decision", "decision"), ("agent", "agent"), ("redeem", "redeem")],
                                max_length=8,
                            ),
                        ),
                        ("opened_at", models.DateTimeField()),
                        ("deadline", models.DateTimeField()),
                        ("rank", models.SmallIntegerField(default=1)),
                        ("sort_key", models.BigIntegerField()),
                        ("risk", models.SmallIntegerField()),
                        (
                            "owners",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                        ("entity", models.CharField(blank=True, max_length=128)),
                        ("cap_key", models.CharField(max_length=320, null=True)),
                        ("cap_frees_at", models.DateTimeField(null=True)),
                        ("taken_until", models.DateTimeField(null=True)),
                        ("renewals", models.SmallIntegerField(db_default=0, default=0)),
                        ("skips", models.IntegerField(db_default=0, default=0)),
                        ("digest", models.BinaryField(max_length=32, null=True)),
                        ("repeats", models.IntegerField(db_default=0, default=0)),
                        ("closed_at", models.DateTimeField(null=True)),
                        (
                            "action",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="escalations",
                                to="governance.action",
                            ),
                        ),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="escalations",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "domain",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="escalations",
                                to="governance.scope",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="line_escalations",
                                to="governance.agent",
                            ),
                        ),
                        (
                            "previous",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="followers",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="escalations",
                                to="governance.snapshot",
                            ),
                        ),
                        (
                            "taken_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="taken",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["sort_key", "id"],
                                name="escalation_queue",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["action_type", "rank", "risk", "sort_key", "id"],
                                name="escalation_queue_of_type",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["domain", "rank", "risk", "sort_key", "id"],
                                name="escalation_queue_of_domain",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["domain", "action_type", "rank", "risk", "sort_key", "id"],
                                name="escalation_queue_of_both",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["rank", "risk", "sort_key", "id"],
                                name="escalation_queue_of_rank",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["owners", "rank", "risk", "sort_key", "id"],
                                name="escalation_queue_of_owners",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open"), ("taken_by__isnull", False)),
                                fields=["taken_by", "taken_until"],
                                name="escalation_taken",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open"), models.Q(("entity", ""), _negated=True)),
                                fields=["entity", "sort_key"],
                                name="escalation_of_entity",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")),
                                fields=["line", "deadline"],
                                name="escalation_of_line",
                            ),
                            models.Index(
                                condition=models.Q(("snapshot__isnull", True), ("state", "open")),
                                fields=["opened_at"],
                                name="escalation_unread",
                            ),
                            models.Index(
                                condition=models.Q(("state", "open")), fields=["deadline"], name="escalation_due"
                            ),
                            django.contrib.postgres.indexes.BrinIndex(fields=["opened_at"], name="escalation_by_time"),
                            models.Index(
                                condition=models.Q(("closed_at__isnull", False)),
                                fields=["closed_at"],
                                name="escalation_closed",
                            ),
                            models.Index(
                                condition=models.Q(("cap_key__isnull", False)),
                                fields=["cap_key", "cap_frees_at"],
                                name="escalation_by_cap_key",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("cap_key__isnull", False), ("state", "open")),
                                fields=("cap_key",),
                                name="escalation_one_open_per_cap_key",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("digest__isnull", False), ("state", "open")),
                                fields=("digest",),
                                name="escalation_one_open_per_digest",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "superseded"), _negated=True),
                                fields=("action",),
                                name="escalation_one_live_per_action",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BindingRequest",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        (
                            "action_type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="binding_requests",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="binding_requests",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "escalation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="binding_requests",
                                to="reviews.escalation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-asked_at", "-pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("action_type", "reviewer"), name="binding_request_once_per_reviewer"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Extension",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("record_pending", "The record is being put right"),
                                    ("asked_owner", "The owner of the agent was asked"),
                                    ("specialist", "A specialist must look at it"),
                                    ("nobody_here", "Nobody with the mandate is here in time"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("before", models.DateTimeField()),
                        ("until", models.DateTimeField()),
                        ("extended_at", models.DateTimeField()),
                        (
                            "escalation",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="extension",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="extensions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("until__gt", models.F("before"))), name="extension_gives_time"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Finding",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("sound", models.BooleanField()),
                        (
                            "reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("wrong_record", "It touched the wrong record"),
                                    ("wrong_value", "An amount or value is wrong"),
                                    ("not_asked", "Nobody asked for it"),
                                    ("against_policy", "Our policy does not allow it"),
                                    ("harmful", "It did harm"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("found_at", models.DateTimeField()),
                        (
                            "draw",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="finding", to="reviews.draw"
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to="governance.snapshot",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("reason", ""), ("sound", True)),
                                    models.Q(("sound", False), models.Q(("reason", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="finding_unsound_says_why",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Handover",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("person", "Person"), ("rank", "Rank"), ("skip", "Skip")], max_length=6
                            ),
                        ),
                        ("rank", models.SmallIntegerField(null=True)),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("needs_authority", "It needs more authority than mine"),
                                    ("knows_better", "Somebody else knows this customer or type better"),
                                    ("interest", "I have an interest of my own in it"),
                                    ("interrupted", "I cannot finish it now"),
                                ],
                                max_length=15,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("until", models.DateTimeField(null=True)),
                        (
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="handed_on",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "escalation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="handovers",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "to",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="handed_to",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("kind", "skip")), fields=["by", "until"], name="handover_skipped"
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("kind", "person"),
                                        ("rank__isnull", True),
                                        ("to__isnull", False),
                                        ("until__isnull", True),
                                    ),
                                    models.Q(
                                        ("kind", "rank"),
                                        ("rank__isnull", False),
                                        ("to__isnull", True),
                                        ("until__isnull", True),
                                    ),
                                    models.Q(
                                        ("kind", "skip"),
                                        ("rank__isnull", True),
                                        ("to__isnull", True),
                                        ("until__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="handover_says_where_to",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Lack",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("missing", "A fact that I need is not there"),
                                    ("unclear", "A fact does not say what it means"),
                                    ("stale", "A fact is too old to decide on"),
                                    ("needless", "A fact distracts and decides nothing"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("field", models.CharField(blank=True, max_length=64)),
                        ("told_at", models.DateTimeField()),
                        (
                            "answer",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("changed", "The screen shows it now"),
                                    ("elsewhere", "It stands elsewhere on the screen"),
                                    ("not_recorded", "No record holds it"),
                                    ("not_needed", "The decision does not depend on it"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("answered_at", models.DateTimeField(null=True)),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lacks",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "answered_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="answered_lacks",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "escalation",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lacks",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lacks",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("answer", "")),
                                fields=["action_type", "kind", "field"],
                                name="lack_open",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("escalation", "reviewer", "kind", "field"), name="lack_told_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True)
                                    ),
                                    models.Q(
                                        models.Q(("answer", ""), _negated=True),
                                        ("answered_at__isnull", False),
                                        ("answered_by__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="lack_is_answered_by_somebody",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Notice",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("case_opened", "A case waits for you"),
                                    ("case_half", "Half of the time of a case is over"),
                                    ("case_late", "A case is about to expire"),
                                    ("case_handed", "A case was handed to you"),
                                    ("case_escalated", "A case was escalated to your rank"),
                                    ("alert", "Something to be seen"),
                                    ("dead_letter", "Messages could not be delivered"),
                                    ("digest", "What waits for you"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("subject", models.CharField(max_length=80)),
                        ("created_at", models.DateTimeField()),
                        (
                            "alert",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="reviews.alert",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                models.F("person"),
                                models.OrderBy(models.F("created_at"), descending=True),
                                name="notice_of_person",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("person", "kind", "subject"), name="notice_once_for_person_and_thing"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "channel",
                            models.CharField(
                                choices=[
                                    ("browser", "This console, in an open browser"),
                                    ("slack", "Slack"),
                                    ("email", "E-mail"),
                                ],
                                max_length=8,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waits"),
                                    ("sent", "sent"),
                                    ("skipped", "not needed"),
                                    ("dead", "could not be delivered"),
                                ],
                                default="waiting",
                                max_length=8,
                            ),
                        ),
                        (
                            "why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("taken", "somebody took the case"),
                                    ("closed", "the case is closed"),
                                    ("seen", "the alert was acknowledged"),
                                    ("overtaken", "a later message says more"),
                                    ("off", "this channel is switched off"),
                                    ("left", "this person may not act on it any more"),
                                    ("over", "it is over"),
                                    ("refused", "the other side refused it"),
                                    ("busy", "the other side asked us to wait"),
                                    ("slow", "the other side did not answer in time"),
                                    ("unreachable", "the other side could not be reached"),
                                    ("broken", "the other side answered nonsense"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("attempts", models.SmallIntegerField(default=0)),
                        ("letter", models.UUIDField(null=True)),
                        ("due_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        (
                            "notice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="reviews.notice",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "waiting")), fields=["due_at"], name="delivery_due"
                            ),
                            models.Index(
                                models.OrderBy(models.F("ended_at"), descending=True),
                                condition=models.Q(("state", "dead")),
                                name="delivery_dead",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("notice", "channel"), name="delivery_once_for_each_channel"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("state", "waiting")),
                                    models.Q(
                                        models.Q(("state", "waiting"), _negated=True), ("ended_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="delivery_ends_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Occasion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stage", models.SmallIntegerField(default=0)),
                        ("due_at", models.DateTimeField()),
                        (
                            "alert",
                            models.OneToOneField(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="occasion",
                                to="reviews.alert",
                            ),
                        ),
                        (
                            "case",
                            models.OneToOneField(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="occasion",
                                to="reviews.escalation",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["due_at"], name="occasion_due")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("alert__isnull", True), ("case__isnull", False)),
                                    models.Q(("alert__isnull", False), ("case__isnull", True)),
                                    _connector="OR",
                                ),
                                name="occasion_is_of_one_thing",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PracticeAnswer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("drill", models.CharField(max_length=32)),
                        ("approve", models.BooleanField()),
                        ("right", models.BooleanField()),
                        ("at", models.DateTimeField()),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="practice_answers",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("right", True)),
                                fields=("reviewer", "drill"),
                                name="practice_right_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Practised",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("waived_by", models.CharField(blank=True, max_length=86)),
                        (
                            "reviewer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="practised",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "finished or waived practice",
                        "verbose_name_plural": "finished or waived practice",
                    },
                ),
                migrations.CreateModel(
                    name="Preference",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("language", models.CharField(default="en", max_length=12)),
                        ("time_zone", models.CharField(default="UTC", max_length=64)),
                        (
                            "channels",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("browser", "This console, in an open browser"),
                                        ("slack", "Slack"),
                                        ("email", "E-mail"),
                                    ],
                                    max_length=8,
                                ),
                                blank=True,
                                default=list,
                                size=None,
                            ),
                        ),
                        ("quiet_from", models.TimeField(null=True)),
                        ("quiet_until", models.TimeField(null=True)),
                        (
                            "digest",
                            models.CharField(
                                choices=[("off", "Off"), ("hourly", "Every hour"), ("daily", "Every day at eight")],
                                default="daily",
                                max_length=8,
                            ),
                        ),
                        ("mail", models.CharField(blank=True, max_length=254)),
                        ("slack_member", models.CharField(blank=True, max_length=24)),
                        ("theme", models.CharField(default="system", max_length=8)),
                        ("keys", models.CharField(default="on", max_length=4)),
                        (
                            "person",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="preference",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("quiet_from__isnull", True), ("quiet_until__isnull", True)),
                                    models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                                    _connector="OR",
                                ),
                                name="preference_quiet_hours_begin_and_end",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("channels__contained_by", ["browser", "slack", "email"])),
                                name="preference_channels_are_channels",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RejectReason",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=32, unique=True)),
                        ("sentence", models.CharField(max_length=80)),
                        ("added_at", models.DateTimeField()),
                        ("retired_at", models.DateTimeField(null=True)),
                        (
                            "action_type",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reject_reasons",
                                to="governance.actiontype",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("code__regex", "^[a-z][a-z0-9_]{2,31}$")),
                                name="reject_reason_has_a_code",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("sentence", ""), _negated=True), name="reject_reason_says_something"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Repeat",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="repeat",
                                to="governance.action",
                            ),
                        ),
                        (
                            "escalation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="joined",
                                to="reviews.escalation",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Showing",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("consent", models.BinaryField(max_length=32)),
                        ("checks", models.SmallIntegerField()),
                        ("shown_at", models.DateTimeField()),
                        ("readable_at", models.DateTimeField()),
                        (
                            "escalation",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="showings",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("escalation", "reviewer", "consent"), name="showing_once_per_reviewer"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("readable_at__gte", models.F("shown_at"))), name="showing_forwards"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Verdict",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("approve", models.BooleanField()),
                        ("reject_reason", models.CharField(blank=True, max_length=32)),
                        (
                            "override_reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("verified_otherwise", "What the rule asks for was verified in another way"),
                                    ("rule_unfit", "The rule was not made for a case like this"),
                                    ("harm_of_waiting", "Waiting would harm the customer more"),
                                    ("ordered", "A law or a court demands it"),
                                ],
                                max_length=18,
                            ),
                        ),
                        ("action_digest", models.BinaryField(max_length=32)),
                        ("snapshot_digest", models.BinaryField(max_length=32)),
                        ("consent_digest", models.BinaryField(default=b"", max_length=32)),
                        (
                            "facts_override",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("verified_otherwise", "I verified it in another way"),
                                    ("record_outdated", "The record is known to be out of date"),
                                    ("harm_of_waiting", "Waiting would harm the customer more"),
                                    ("ordered", "A law or a court demands it"),
                                ],
                                default="",
                                max_length=18,
                            ),
                        ),
                        (
                            "overridden",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=64), blank=True, default=list, size=None
                            ),
                        ),
                        ("policy_revision", models.BigIntegerField()),
                        ("rank", models.SmallIntegerField()),
                        ("decided_at", models.DateTimeField()),
                        ("final_at", models.DateTimeField()),
                        ("withdrawn_at", models.DateTimeField(null=True)),
                        ("stage", models.SmallIntegerField(default=1)),
                        ("stages", models.SmallIntegerField(default=1)),
                        ("closes", models.BooleanField(default=True)),
                        ("set_aside_at", models.DateTimeField(null=True)),
                        (
                            "escalation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="verdicts",
                                to="reviews.escalation",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="verdicts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["reviewer", "-decided_at"], name="verdict_by_reviewer")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("closes", True), ("withdrawn_at__isnull", True)),
                                fields=("escalation",),
                                name="verdict_one_standing_per_escalation",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("set_aside_at__isnull", True), ("withdrawn_at__isnull", True)),
                                fields=("escalation", "reviewer"),
                                name="verdict_one_standing_per_person",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("set_aside_at__isnull", True), ("withdrawn_at__isnull", True)),
                                fields=("escalation", "stage"),
                                name="verdict_one_standing_per_stage",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("stage__gte", 1), ("stage__lte", models.F("stages"))),
                                name="verdict_stage_of_stages",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("closes", True), models.Q(("approve", True), ("stages__gt", 1)), _connector="OR"
                                ),
                                name="verdict_the_last_or_a_reject_closes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("set_aside_at__isnull", True),
                                    models.Q(("closes", False), ("withdrawn_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="verdict_only_what_waits_is_set_aside",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("approve", True), ("reject_reason", "")),
                                    models.Q(("approve", False), models.Q(("reject_reason", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="verdict_a_reject_says_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Absence",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("begins_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        ("set_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        (
                            "cover",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="covers",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="absences",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("begins_at"))),
                                name="absence_ends_after_it_begins",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("cover", models.F("person")), _negated=True),
                                name="absence_is_covered_by_another",
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
