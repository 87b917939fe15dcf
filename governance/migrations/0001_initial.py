from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from governance.migrations._tables import CreateModels


class Migration(migrations.Migration):
    """The tables of authority, each whole."""

    initial = True

    dependencies = [
        ("auth", "__first__"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Bundle",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=40, unique=True)),
                    ],
                    options={
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="DayKey",
                    fields=[
                        ("day", models.DateField(primary_key=True, serialize=False)),
                        ("secret", models.BinaryField(max_length=32)),
                        ("created_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="LedgerEntry",
                    fields=[
                        ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                        ("kind", models.CharField(max_length=40)),
                        ("actor", models.CharField(max_length=200)),
                        ("body", models.BinaryField()),
                        ("leaf", models.BinaryField(max_length=32)),
                    ],
                    options={
                        "verbose_name_plural": "ledger entries",
                        "ordering": ["seq"],
                    },
                ),
                migrations.CreateModel(
                    name="RequestRate",
                    fields=[
                        ("agent_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("gap", models.DurationField()),
                        ("tat", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Throttle",
                    fields=[
                        ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                        ("value", models.JSONField()),
                        ("until", models.DateTimeField(db_index=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="Budget",
                    fields=[
                        ("key", models.CharField(max_length=320, primary_key=True, serialize=False)),
                        ("width_ms", models.BigIntegerField()),
                        ("head", models.BigIntegerField()),
                        (
                            "slots",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=61),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("width_ms__gt", 0)), name="budget_width_positive"
                            ),
                            models.CheckConstraint(condition=models.Q(("slots__len", 61)), name="budget_has_61_slots"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BundleVersion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("files", models.JSONField()),
                        ("digest", models.BinaryField(max_length=32)),
                        ("report", models.JSONField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("proposed", "Proposed"), ("active", "Active"), ("retired", "Retired")],
                                default="proposed",
                                max_length=8,
                            ),
                        ),
                        ("shadow", models.BooleanField(default=False)),
                        ("proposed_by", models.CharField(max_length=150)),
                        ("proposed_at", models.DateTimeField()),
                        ("activated_by", models.CharField(blank=True, max_length=150)),
                        ("activated_at", models.DateTimeField(blank=True, null=True)),
                        ("retirement_asked_by", models.CharField(blank=True, max_length=150)),
                        ("retired_by", models.CharField(blank=True, max_length=150)),
                        ("retired_at", models.DateTimeField(blank=True, null=True)),
                        ("broken_since", models.DateTimeField(blank=True, null=True)),
                        (
                            "bundle",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="versions",
                                to="governance.bundle",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["bundle__name", "-number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("bundle", "number"), name="bundle_version_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "active")),
                                fields=("bundle",),
                                name="bundle_one_active_version",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "active"), _negated=True),
                                    models.Q(
                                        models.Q(("activated_by", ""), _negated=True),
                                        models.Q(("activated_by", models.F("proposed_by")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="bundle_activated_by_a_second_person",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("retired_by", ""),
                                    models.Q(
                                        models.Q(("retirement_asked_by", ""), _negated=True),
                                        models.Q(("retired_by", models.F("retirement_asked_by")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="bundle_retired_by_a_second_person",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Halt",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "target",
                            models.CharField(
                                choices=[
                                    ("enterprise", "Enterprise"),
                                    ("domain", "Domain"),
                                    ("project", "Project"),
                                    ("agent", "Agent"),
                                    ("action_type", "Action Type"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("key", models.CharField(max_length=80)),
                        ("reason", models.CharField(max_length=200)),
                        ("halted_at", models.DateTimeField()),
                        ("halted_by", models.CharField(max_length=150)),
                        ("lifted_at", models.DateTimeField(blank=True, null=True)),
                        ("lifted_by", models.CharField(blank=True, max_length=150)),
                        ("recovery_seconds", models.IntegerField(blank=True, null=True)),
                        ("recovers_until", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-halted_at"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("recovery_seconds__isnull", True),
                                    models.Q(("recovery_seconds__gte", 0), ("recovery_seconds__lte", 86400)),
                                    _connector="OR",
                                ),
                                name="halt_recovers_within_two_days",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("lifted_at__isnull", True)),
                                fields=("target", "key"),
                                name="halt_one_open_per_target",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Identity",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("subject", models.CharField(blank=True, max_length=255)),
                        ("email", models.CharField(blank=True, max_length=254)),
                        (
                            "person",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="identity",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("subject", ""), _negated=True),
                                fields=("subject",),
                                name="identity_one_subject",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("email", ""), _negated=True),
                                fields=("email",),
                                name="identity_one_email",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("email", ""), ("subject", ""), _negated=True),
                                name="identity_says_something",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Instance",
                    fields=[
                        ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ("authority_epoch", models.BigIntegerField(default=1)),
                        ("instance_epoch", models.BigIntegerField(default=1)),
                        ("policy_revision", models.BigIntegerField(default=1)),
                        ("reference_currency", models.CharField(default="USD", max_length=3)),
                        ("born_as_demo", models.BooleanField(default=False)),
                        ("born_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("id", 1)), name="instance_is_one_row")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invitation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("token_hash", models.BinaryField(max_length=32, unique=True)),
                        ("made_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(null=True)),
                        (
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invitations",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=("person",),
                                name="invitation_one_open_per_person",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Mandate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("rank", models.SmallIntegerField(default=1)),
                        ("money_limit", models.BigIntegerField(default=0)),
                        (
                            "max_risk",
                            models.SmallIntegerField(choices=[(1, "low"), (2, "medium"), (3, "high")], default=2),
                        ),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                        ("work_zone", models.CharField(blank=True, max_length=64)),
                        (
                            "work_days",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(), blank=True, default=list, size=None
                            ),
                        ),
                        ("work_from", models.TimeField(blank=True, null=True)),
                        ("work_until", models.TimeField(blank=True, null=True)),
                        ("per_hour", models.SmallIntegerField(blank=True, null=True)),
                        ("per_day", models.SmallIntegerField(blank=True, null=True)),
                        (
                            "reviewer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mandate",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "action_types",
                            models.ManyToManyField(
                                blank=True,
                                related_name="mandates",
                                through="governance.Qualification",
                                to="governance.actiontype",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("rank__gte", 1), ("rank__lte", 3)), name="mandate_rank_1_to_3"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("money_limit__gte", 0)), name="mandate_limit_not_negative"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("work_days", []),
                                        ("work_from__isnull", True),
                                        ("work_until__isnull", True),
                                        ("work_zone", ""),
                                    ),
                                    models.Q(
                                        models.Q(("work_zone", ""), _negated=True),
                                        models.Q(("work_days", []), _negated=True),
                                        ("work_days__contained_by", [1, 2, 3, 4, 5, 6, 7]),
                                        ("work_from__isnull", False),
                                        ("work_until__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="mandate_hours_are_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("per_hour__isnull", True), ("per_hour__gte", 1), _connector="OR"),
                                    models.Q(("per_day__isnull", True), ("per_day__gte", 1), _connector="OR"),
                                ),
                                name="mandate_load_is_positive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Rate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        ("rate", models.DecimalField(decimal_places=12, max_digits=24)),
                        ("valid_from", models.DateTimeField()),
                        ("pinned_by", models.CharField(max_length=200)),
                    ],
                    options={
                        "ordering": ["currency", "-valid_from"],
                        "indexes": [models.Index(fields=["currency", "-valid_from"], name="rate_latest")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("rate__gt", 0)),
                                name="rate_is_positive",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Scope",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=64, unique=True)),
                        ("name", models.CharField(max_length=80)),
                        (
                            "kind",
                            models.CharField(
                                choices=[("enterprise", "Enterprise"), ("domain", "Domain"), ("project", "Project")],
                                max_length=10,
                            ),
                        ),
                        (
                            "ceiling",
                            models.SmallIntegerField(
                                choices=[(0, "HALT"), (1, "OBSERVE"), (2, "PROPOSE"), (3, "EXECUTE"), (4, "COMMIT")],
                                default=2,
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="governance.scope",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["kind", "key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ceiling__gte", 1), ("ceiling__lte", 4)),
                                name="scope_ceiling_is_a_tier",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "enterprise"), ("parent__isnull", True)),
                                    models.Q(
                                        models.Q(("kind", "enterprise"), _negated=True), ("parent__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="scope_only_the_enterprise_has_no_parent",
                            ),
                            models.UniqueConstraint(
                                models.F("kind"),
                                condition=models.Q(("kind", "enterprise")),
                                name="scope_one_enterprise",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ActionType",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=64, unique=True)),
                        (
                            "action_class",
                            models.CharField(
                                choices=[("read", "read"), ("draft", "draft"), ("act", "act")], max_length=5
                            ),
                        ),
                        ("base_risk", models.SmallIntegerField(choices=[(1, "low"), (2, "medium"), (3, "high")])),
                        ("human_required", models.BooleanField(default=False)),
                        ("family", models.CharField(max_length=64)),
                        ("tool", models.CharField(max_length=64)),
                        ("document", models.JSONField()),
                        ("revision", models.BigIntegerField(default=1)),
                        (
                            "domain",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="action_types",
                                to="governance.scope",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["key"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("base_risk__gte", 1), ("base_risk__lte", 3)),
                                name="action_type_risk_is_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Agent",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("name", models.CharField(max_length=80)),
                        (
                            "max_tier",
                            models.SmallIntegerField(
                                choices=[(0, "HALT"), (1, "OBSERVE"), (2, "PROPOSE"), (3, "EXECUTE"), (4, "COMMIT")],
                                default=2,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("active", "Active"), ("suspended", "Suspended"), ("retired", "Retired")],
                                default="active",
                                max_length=10,
                            ),
                        ),
                        ("fingerprint", models.CharField(blank=True, max_length=64)),
                        ("requests_per_minute", models.IntegerField(default=600)),
                        ("shared", models.BooleanField(default=False)),
                        ("registered_at", models.DateTimeField()),
                        ("request_key", models.CharField(editable=False, max_length=128, null=True)),
                        ("request_hash", models.BinaryField(max_length=32, null=True)),
                        ("number", models.IntegerField(editable=False, null=True)),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="owned_agents",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sub_agents",
                                to="governance.agent",
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agents",
                                to="governance.scope",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["name"],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Lower("name"), name="agent_name_is_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("max_tier__gte", 1), ("max_tier__lte", 4)),
                                name="agent_max_tier_is_a_tier",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("parent", models.F("id")), _negated=True),
                                name="agent_not_own_parent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("requests_per_minute__gte", 1), ("requests_per_minute__lte", 60000)
                                ),
                                name="agent_rate_is_possible",
                            ),
                            models.UniqueConstraint(
                                fields=("parent", "request_key"), name="agent_registered_once_per_request"
                            ),
                            models.UniqueConstraint(
                                fields=("parent", "number"), name="agent_numbered_once_below_its_parent"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("number__isnull", True), ("request_key__isnull", True)),
                                    models.Q(
                                        ("number__gte", 1), ("number__isnull", False), ("request_key__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="agent_numbered_if_an_agent_registered_it",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Action",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("idempotency_key", models.CharField(max_length=128, null=True)),
                        ("body_hash", models.BinaryField(max_length=32)),
                        ("run", models.CharField(max_length=128)),
                        ("subject", models.CharField(blank=True, max_length=128)),
                        ("entity", models.CharField(blank=True, max_length=128)),
                        ("parameters", models.JSONField()),
                        ("claims", models.JSONField(default=dict)),
                        ("digest", models.BinaryField(max_length=32)),
                        ("amount", models.BigIntegerField(null=True)),
                        (
                            "in_flight",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), null=True, size=None
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("executing", "Executing"),
                                    ("escalated", "Escalated"),
                                    ("refused", "Refused"),
                                    ("succeeded", "Succeeded"),
                                    ("failed", "Failed"),
                                    ("not_executed", "Not Executed"),
                                    ("abandoned", "Abandoned"),
                                    ("withdrawn", "Withdrawn"),
                                    ("superseded", "Superseded"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("ticket_id", models.UUIDField(null=True)),
                        (
                            "chain",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), default=list, size=None
                            ),
                        ),
                        ("trace_id", models.CharField(blank=True, max_length=32)),
                        ("parent_span", models.CharField(blank=True, max_length=16)),
                        ("created_at", models.DateTimeField()),
                        ("report_by", models.DateTimeField(null=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("lease_seconds", models.IntegerField(null=True)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("checkpoints", models.IntegerField(db_default=0, default=0)),
                        ("stopped_at", models.DateTimeField(null=True)),
                        (
                            "stop_reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("halted", "halted"),
                                    ("narrowed", "narrowed"),
                                    ("red", "red"),
                                    ("approver", "approver"),
                                    ("grant_void", "grant_void"),
                                    ("too_long", "too_long"),
                                ],
                                db_default="",
                                default="",
                                max_length=10,
                            ),
                        ),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="actions",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="actions",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            django.contrib.postgres.indexes.BrinIndex(fields=["created_at"], name="action_by_time"),
                            models.Index(fields=["agent", "action_type", "-created_at"], name="action_by_agent"),
                            models.Index(
                                models.F("agent"),
                                models.F("run"),
                                models.ExpressionWrapper(models.Q(("subject", "")), models.BooleanField()),
                                models.F("created_at"),
                                name="action_by_run",
                            ),
                            models.Index(
                                condition=models.Q(("state", "executing")), fields=["report_by"], name="action_overdue"
                            ),
                            models.Index(
                                condition=models.Q(("lease_until__isnull", False), ("state", "executing")),
                                fields=["lease_until"],
                                name="action_lease_over",
                            ),
                            models.Index(
                                condition=models.Q(("entity", ""), _negated=True),
                                fields=["entity", "-created_at"],
                                name="action_by_entity",
                            ),
                            django.contrib.postgres.indexes.GinIndex(
                                condition=models.Q(("in_flight__isnull", False), ("state", "executing")),
                                fastupdate=False,
                                fields=["in_flight"],
                                name="action_under_way",
                            ),
                            models.Index(
                                condition=models.Q(("parent_span", ""), _negated=True),
                                fields=["trace_id", "created_at"],
                                name="action_by_trace",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("agent", "idempotency_key"), name="action_idempotency_key")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="decision",
                                serialize=False,
                                to="governance.action",
                            ),
                        ),
                        ("outcome", models.CharField(max_length=8)),
                        (
                            "effective_tier",
                            models.SmallIntegerField(
                                choices=[(0, "HALT"), (1, "OBSERVE"), (2, "PROPOSE"), (3, "EXECUTE"), (4, "COMMIT")]
                            ),
                        ),
                        (
                            "required_tier",
                            models.SmallIntegerField(
                                choices=[(0, "HALT"), (1, "OBSERVE"), (2, "PROPOSE"), (3, "EXECUTE"), (4, "COMMIT")]
                            ),
                        ),
                        ("effective_risk", models.SmallIntegerField(choices=[(1, "low"), (2, "medium"), (3, "high")])),
                        ("reasons", models.JSONField()),
                        ("bound_by", models.CharField(max_length=200)),
                        ("ladder", models.JSONField()),
                        ("inputs", models.JSONField()),
                        ("answer", models.JSONField()),
                        ("policy_revision", models.BigIntegerField()),
                        ("authority_epoch", models.BigIntegerField()),
                        ("cell", models.CharField(max_length=260)),
                        ("probability", models.DecimalField(decimal_places=3, max_digits=4)),
                        ("day_key", models.DateField()),
                        ("decided_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Reservation",
                    fields=[
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="reservation",
                                serialize=False,
                                to="governance.action",
                            ),
                        ),
                        (
                            "budgets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=320), size=None
                            ),
                        ),
                        (
                            "slots",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                        (
                            "amounts",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                        ("reserved_at", models.DateTimeField()),
                        ("settled_at", models.DateTimeField(null=True)),
                        ("released_at", models.DateTimeField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="AgentKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("prefix", models.CharField(max_length=16, unique=True)),
                        ("digest", models.BinaryField(max_length=32, unique=True)),
                        ("created_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        ("ends_by", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("request_key", models.CharField(editable=False, max_length=128, null=True)),
                        (
                            "agent",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="governance.agent"
                            ),
                        ),
                        (
                            "issued_by",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="issued_keys",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "replaces",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="successors",
                                to="governance.agentkey",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revoked_at__isnull", True)),
                                fields=("replaces",),
                                name="key_has_one_successor",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Binding",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("document", models.JSONField()),
                        (
                            "action_type",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="binding",
                                to="governance.actiontype",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Breach",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("request", models.BinaryField(max_length=32)),
                        ("pointers", models.JSONField()),
                        ("breached_at", models.DateTimeField()),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="breaches",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="breaches",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["agent", "action_type", "-breached_at"], name="breach_latest")
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("agent", "request"), name="breach_once_per_request")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Execution",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("succeeded", "succeeded"),
                                    ("failed", "failed"),
                                    ("not_executed", "not_executed"),
                                    ("abandoned", "abandoned"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("latency_ms", models.IntegerField(null=True)),
                        ("record_version", models.CharField(blank=True, max_length=128)),
                        ("reported_at", models.DateTimeField()),
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="execution",
                                to="governance.action",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["reported_at"], name="execution_by_time")],
                    },
                ),
                migrations.CreateModel(
                    name="Familiar",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("handled", models.IntegerField()),
                        (
                            "amounts",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, size=None
                            ),
                        ),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("agent", "action_type"), name="familiar_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Grant",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("digest", models.BinaryField(max_length=32)),
                        (
                            "issued_by",
                            models.CharField(
                                choices=[("machine", "machine"), ("policy", "policy"), ("human", "human")], max_length=7
                            ),
                        ),
                        ("verdict_id", models.BigIntegerField(null=True)),
                        ("policy_revision", models.BigIntegerField()),
                        ("authority_epoch", models.BigIntegerField()),
                        ("instance_epoch", models.BigIntegerField()),
                        ("issued_at", models.DateTimeField()),
                        ("not_before", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("redeemed_at", models.DateTimeField(null=True)),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("voided_at", models.DateTimeField(null=True)),
                        (
                            "action",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="grants",
                                to="governance.action",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="grants",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("voided_at__isnull", True)),
                                fields=("action",),
                                name="grant_one_live_per_action",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("issued_by", "human"), ("verdict_id__isnull", False)),
                                    models.Q(("issued_by__in", ["machine", "policy"]), ("verdict_id__isnull", True)),
                                    _connector="OR",
                                ),
                                name="grant_a_person_gives_one_by_a_verdict",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("not_before"))),
                                name="grant_expires_after_it_opens",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("redeemed_at__isnull", True),
                                    models.Q(("redeemed_at__gte", models.F("not_before")), ("voided_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="grant_redeemed_within_its_life",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Permission",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "level",
                            models.SmallIntegerField(
                                choices=[
                                    (0, "L0 draft only"),
                                    (1, "L1 supervised execution"),
                                    (2, "L2 monitored autonomy"),
                                    (3, "L3 full within guardrails"),
                                ],
                                default=0,
                            ),
                        ),
                        ("counted_from", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        (
                            "action_type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="permissions",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="permissions",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["agent", "action_type"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agent", "action_type"), name="permission_one_per_agent_and_type"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("level__gte", 0), ("level__lte", 3)),
                                name="permission_level_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Qualification",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "action_type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="qualifications",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "mandate",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="qualifications",
                                to="governance.mandate",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("mandate", "action_type"), name="qualification_once_for_a_type"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Refusal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("escalation_id", models.UUIDField()),
                        ("idempotency_key", models.CharField(max_length=128)),
                        ("amount", models.BigIntegerField(null=True)),
                        ("refused_at", models.DateTimeField()),
                        (
                            "agent",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refusals",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["escalation_id"], name="refusal_by_escalation")],
                        "constraints": [
                            models.UniqueConstraint(fields=("agent", "idempotency_key"), name="refusal_once_per_key")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SealedText",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("fields", models.JSONField()),
                        (
                            "action",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sealed",
                                to="governance.action",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Seen",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("parameter", models.CharField(max_length=64)),
                        ("value_hash", models.BinaryField(max_length=32)),
                        (
                            "action_type",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="governance.actiontype",
                            ),
                        ),
                        (
                            "agent",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agent", "action_type", "parameter", "value_hash"), name="seen_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Session",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=64, unique=True)),
                        ("data", models.TextField()),
                        ("begun_at", models.DateTimeField()),
                        ("seen_at", models.DateTimeField(db_index=True)),
                        ("place", models.CharField(blank=True, max_length=45)),
                        ("client", models.CharField(blank=True, max_length=40)),
                        (
                            "person",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sessions",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Shadow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("tier", models.SmallIntegerField(null=True)),
                        ("outcome", models.CharField(max_length=8)),
                        ("decided", models.CharField(max_length=8)),
                        (
                            "action",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shadows",
                                to="governance.action",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shadows",
                                to="governance.bundleversion",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "indexes": [
                            models.Index(
                                models.F("version"),
                                models.OrderBy(models.F("id"), descending=True),
                                name="shadow_of_version",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Snapshot",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("read", "Read"),
                                    ("not_found", "Not Found"),
                                    ("unavailable", "Unavailable"),
                                    ("unbound", "Unbound"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("subject", models.CharField(blank=True, max_length=128)),
                        ("source", models.CharField(blank=True, max_length=80)),
                        ("version", models.CharField(blank=True, max_length=128)),
                        ("values", models.JSONField(default=dict)),
                        ("sentence", models.JSONField(default=dict)),
                        ("digest", models.BinaryField(max_length=32)),
                        ("read_at", models.DateTimeField()),
                        ("asked_at", models.DateTimeField()),
                        (
                            "action",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="snapshots",
                                to="governance.action",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["action", "-id"], name="snapshot_latest")],
                    },
                ),
                migrations.CreateModel(
                    name="Fact",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.SmallIntegerField()),
                        ("name", models.CharField(max_length=64)),
                        ("claimed", models.JSONField(null=True)),
                        ("recorded", models.JSONField(null=True)),
                        ("result", models.CharField(max_length=12)),
                        ("required", models.BooleanField()),
                        ("material", models.BooleanField()),
                        ("show", models.CharField(max_length=8)),
                        ("source", models.CharField(max_length=80)),
                        ("version", models.CharField(blank=True, max_length=128)),
                        ("read_at", models.DateTimeField()),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="facts",
                                to="governance.snapshot",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["snapshot", "position"],
                    },
                ),
                migrations.CreateModel(
                    name="Standing",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("latch", models.CharField(max_length=324)),
                        ("strikes", models.IntegerField(default=0)),
                        ("in_episode", models.BooleanField(default=False)),
                        ("red_at", models.DateTimeField(null=True)),
                        ("green_since", models.DateTimeField(null=True)),
                        (
                            "why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("contradicted", "contradicted"),
                                    ("cap", "cap"),
                                    ("agent_cap", "agent_cap"),
                                    ("keys", "keys"),
                                    ("breaches", "breaches"),
                                    ("abandoned", "abandoned"),
                                    ("errors", "errors"),
                                    ("flooding", "flooding"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "pulled_tier",
                            models.SmallIntegerField(
                                choices=[(0, "HALT"), (1, "OBSERVE"), (2, "PROPOSE"), (3, "EXECUTE"), (4, "COMMIT")],
                                null=True,
                            ),
                        ),
                        ("pulled_by", models.CharField(blank=True, max_length=200)),
                        ("pulled_at", models.DateTimeField(null=True)),
                        ("pulled_reason", models.CharField(blank=True, max_length=200)),
                        ("restored_by", models.CharField(blank=True, max_length=200)),
                        ("restored_at", models.DateTimeField(null=True)),
                        ("version", models.BigIntegerField(default=0)),
                        (
                            "agent",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="standings",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["agent", "-version"], name="standing_version"),
                            models.Index(fields=["agent", "-red_at"], name="standing_turned_red"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("agent", "latch"), name="standing_latch"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("latch__in", ["agent", "cases"]),
                                    ("latch__regex", "^(type|level|errors):[1-9][0-9]*$"),
                                    ("latch__startswith", "key:"),
                                    _connector="OR",
                                ),
                                name="standing_latch_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("strikes__gte", 0)), name="standing_strikes_counted"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("in_episode", False),
                                    models.Q(
                                        ("green_since__isnull", True), ("red_at__isnull", False), ("strikes__gte", 1)
                                    ),
                                    _connector="OR",
                                ),
                                name="standing_episode_has_begun",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Ticket",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "action_types",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                        ("issued_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        ("request_key", models.CharField(max_length=128)),
                        ("request_hash", models.BinaryField(max_length=32)),
                        (
                            "child",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tickets_held",
                                to="governance.agent",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tickets_given",
                                to="governance.agent",
                            ),
                        ),
                        (
                            "via",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="passed_on",
                                to="governance.ticket",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-issued_at"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("revoked_at", None)),
                                fields=["child", "-expires_at"],
                                name="ticket_by_child",
                            ),
                            models.Index(
                                condition=models.Q(("revoked_at", None)),
                                fields=["parent", "-expires_at"],
                                name="ticket_by_parent",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("parent", "request_key"), name="ticket_once_per_request"),
                            models.CheckConstraint(
                                condition=models.Q(("parent", models.F("child")), _negated=True),
                                name="ticket_not_to_oneself",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("issued_at"))),
                                name="ticket_expires_after_issue",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("action_types__len__gt", 0)), name="ticket_names_a_type"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ToolReading",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("tool", models.CharField(max_length=80)),
                        ("good", models.BooleanField()),
                        ("degraded", models.BooleanField(default=False)),
                        ("latency_ms", models.IntegerField(blank=True, null=True)),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("report", "report"),
                                    ("connector", "connector"),
                                    ("seed", "seed"),
                                    ("signal", "signal"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("read_at", models.DateTimeField()),
                        (
                            "watcher",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tool_readings",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("watcher", None)),
                                fields=["tool", "-id"],
                                name="tool_reading_latest",
                            ),
                            models.Index(
                                condition=models.Q(("watcher__isnull", False)),
                                fields=["tool", "watcher", "-id"],
                                name="tool_reading_of_watcher",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("source", "signal"), ("watcher__isnull", False)),
                                    models.Q(models.Q(("source", "signal"), _negated=True), ("watcher", None)),
                                    _connector="OR",
                                ),
                                name="tool_reading_signal_has_watcher",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ToolSignal",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("idempotency_key", models.CharField(max_length=128)),
                        ("body_hash", models.BinaryField(max_length=32)),
                        ("tool", models.CharField(max_length=80)),
                        ("good", models.IntegerField()),
                        ("total", models.IntegerField()),
                        ("received_at", models.DateTimeField()),
                        ("next_by", models.DateTimeField(blank=True, null=True)),
                        (
                            "agent",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tool_signals",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agent", "idempotency_key"), name="tool_signal_once_per_key"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Watch",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("tool", models.CharField(max_length=80)),
                        ("heartbeat_seconds", models.IntegerField(blank=True, null=True)),
                        ("set_at", models.DateTimeField()),
                        (
                            "agent",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="watches",
                                to="governance.agent",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "watches",
                        "ordering": ["tool", "agent"],
                        "constraints": [
                            models.UniqueConstraint(fields=("tool", "agent"), name="watch_once_per_tool_and_agent"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("heartbeat_seconds", None),
                                    models.Q(("heartbeat_seconds__gte", 10), ("heartbeat_seconds__lte", 86400)),
                                    _connector="OR",
                                ),
                                name="watch_heartbeat_is_possible",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("record", models.CharField(max_length=128)),
                        (
                            "person",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="accounts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("person", "record"), name="account_once_for_a_person"),
                            models.CheckConstraint(
                                condition=models.Q(("record", ""), _negated=True), name="account_names_a_record"
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
