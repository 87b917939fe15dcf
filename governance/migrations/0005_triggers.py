from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0004_actions_by_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Familiar",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handled", models.IntegerField()),
                (
                    "amounts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("rate", models.DecimalField(decimal_places=12, max_digits=24)),
                ("valid_from", models.DateTimeField()),
                ("pinned_by", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["currency", "-valid_from"],
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
            name="Seen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("parameter", models.CharField(max_length=64)),
                ("value_hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.AddField(
            model_name="action",
            name="in_flight",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None),
        ),
        migrations.AddField(
            model_name="agent",
            name="requests_per_minute",
            field=models.IntegerField(default=600),
        ),
        migrations.AddIndex(
            model_name="action",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("in_flight__isnull", False), ("state", "executing")),
                fastupdate=False,
                fields=["in_flight"],
                name="action_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("requests_per_minute__gte", 1), ("requests_per_minute__lte", 60000)),
                name="agent_rate_is_possible",
                violation_error_message="An agent may ask 1 to 60,000 times a minute.",
            ),
        ),
        migrations.AddField(
            model_name="familiar",
            name="action_type",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.actiontype",
            ),
        ),
        migrations.AddField(
            model_name="familiar",
            name="agent",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.agent"
            ),
        ),
        migrations.AddIndex(
            model_name="rate",
            index=models.Index(fields=["currency", "-valid_from"], name="rate_latest"),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gt", 0)),
                name="rate_is_positive",
                violation_error_message="A rate is between 0 and 1,000,000,000.",
            ),
        ),
        migrations.AddField(
            model_name="seen",
            name="action_type",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.actiontype",
            ),
        ),
        migrations.AddField(
            model_name="seen",
            name="agent",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.agent"
            ),
        ),
        migrations.AddConstraint(
            model_name="familiar",
            constraint=models.UniqueConstraint(fields=("agent", "action_type"), name="familiar_once"),
        ),
        migrations.AddConstraint(
            model_name="seen",
            constraint=models.UniqueConstraint(
                fields=("agent", "action_type", "parameter", "value_hash"), name="seen_once"
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0005_triggers.sql"),
    ]
