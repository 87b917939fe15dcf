from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0007_policy_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "pulled_tier",
                    models.SmallIntegerField(
                        choices=[(0, "HALT"), (1, "OBSERVE"), (2, "PROPOSE"), (3, "EXECUTE"), (4, "COMMIT")], null=True
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
                "indexes": [models.Index(fields=["agent", "-version"], name="standing_version")],
                "constraints": [
                    models.UniqueConstraint(fields=("agent", "latch"), name="standing_latch"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("latch", "agent"),
                            ("latch__regex", "^(type|level):[1-9][0-9]*$"),
                            ("latch__startswith", "key:"),
                            _connector="OR",
                        ),
                        name="standing_latch_is_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("strikes__gte", 0)), name="standing_strikes_counted"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_episode", False),
                            models.Q(("green_since__isnull", True), ("red_at__isnull", False), ("strikes__gte", 1)),
                            _connector="OR",
                        ),
                        name="standing_episode_has_begun",
                    ),
                ],
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0008_standing.sql"),
    ]
