from __future__ import annotations

import uuid
from pathlib import Path

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Delegation: tickets, shared sub-agents, and the chain and trace of every action."""

    dependencies = [("governance", "0008_standing")]
    operations = [
        migrations.AddField("agent", "shared", models.BooleanField(default=False)),
        migrations.AddField("agent", "request_key", models.CharField(editable=False, max_length=128, null=True)),
        migrations.AddField("agent", "request_hash", models.BinaryField(max_length=32, null=True)),
        migrations.AddConstraint(
            "agent",
            models.UniqueConstraint(fields=("parent", "request_key"), name="agent_registered_once_per_request"),
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("action_types", ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("request_key", models.CharField(max_length=128)),
                ("request_hash", models.BinaryField(max_length=32)),
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
                    "child",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets_held",
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
                "constraints": [
                    models.UniqueConstraint(fields=("parent", "request_key"), name="ticket_once_per_request"),
                    models.CheckConstraint(
                        condition=models.Q(("parent", models.F("child")), _negated=True), name="ticket_not_to_oneself"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("issued_at"))), name="ticket_expires_after_issue"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action_types__len__gt", 0)), name="ticket_names_a_type"
                    ),
                ],
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
            },
        ),
        migrations.AddField("action", "ticket_id", models.UUIDField(null=True)),
        migrations.AddField("action", "chain", ArrayField(base_field=models.UUIDField(), default=list, size=None)),
        migrations.AddField("action", "parent_span", models.CharField(blank=True, default="", max_length=16), False),
        migrations.AddIndex(
            "action",
            models.Index(
                condition=models.Q(("parent_span", ""), _negated=True),
                fields=["trace_id", "created_at"],
                name="action_by_trace",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0009_delegation.sql"),
    ]
