from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """The preset reasons to reject belong to the council; an approval against the record is an alert."""

    # the rows that are inserted and the triggers that guard them must not wait for each other
    dependencies = [("reviews", "0013_consent")]
    operations = [
        migrations.AlterField(
            "alert",
            "kind",
            models.CharField(
                choices=[
                    ("medium_execution", "Ran by itself at medium risk"),
                    ("guardrail_grant", "Granted by policy inside a guardrail"),
                    ("red", "Evidence turned red"),
                    ("halt", "Halted"),
                    ("case_expiring", "A case is about to expire"),
                    ("against_facts", "Approved against the record"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField("verdict", "reject_reason", models.CharField(blank=True, max_length=32)),
        migrations.CreateModel(
            name="RejectReason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                        condition=models.Q(("code__regex", "^[a-z][a-z0-9_]{2,31}$")), name="reject_reason_has_a_code"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sentence", ""), _negated=True), name="reject_reason_says_something"
                    ),
                ],
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0014_reject_reasons.sql"),
    ]
