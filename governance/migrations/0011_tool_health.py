from __future__ import annotations

import uuid
from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0010_bundles"),
    ]

    operations = [
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
            ],
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tool", models.CharField(max_length=80)),
                ("heartbeat_seconds", models.IntegerField(blank=True, null=True)),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["tool", "agent"],
                "verbose_name_plural": "watches",
            },
        ),
        migrations.RemoveIndex(
            model_name="toolreading",
            name="tool_reading_latest",
        ),
        migrations.AddField(
            model_name="toolreading",
            name="degraded",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="toolreading",
            name="latency_ms",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="toolreading",
            name="watcher",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tool_readings",
                to="governance.agent",
            ),
        ),
        migrations.AlterField(
            model_name="toolreading",
            name="source",
            field=models.CharField(
                choices=[("report", "report"), ("connector", "connector"), ("seed", "seed"), ("signal", "signal")],
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="toolreading",
            name="tool",
            field=models.CharField(max_length=80),
        ),
        migrations.AddIndex(
            model_name="toolreading",
            index=models.Index(
                condition=models.Q(("watcher", None)), fields=["tool", "-id"], name="tool_reading_latest"
            ),
        ),
        migrations.AddIndex(
            model_name="toolreading",
            index=models.Index(
                condition=models.Q(("watcher__isnull", False)),
                fields=["tool", "watcher", "-id"],
                name="tool_reading_of_watcher",
            ),
        ),
        migrations.AddConstraint(
            model_name="toolreading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("source", "signal"), ("watcher__isnull", False)),
                    models.Q(models.Q(("source", "signal"), _negated=True), ("watcher", None)),
                    _connector="OR",
                ),
                name="tool_reading_signal_has_watcher",
            ),
        ),
        migrations.AddField(
            model_name="toolsignal",
            name="agent",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tool_signals",
                to="governance.agent",
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="agent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="watches", to="governance.agent"
            ),
        ),
        migrations.AddConstraint(
            model_name="toolsignal",
            constraint=models.UniqueConstraint(fields=("agent", "idempotency_key"), name="tool_signal_once_per_key"),
        ),
        migrations.AddConstraint(
            model_name="watch",
            constraint=models.UniqueConstraint(fields=("tool", "agent"), name="watch_once_per_tool_and_agent"),
        ),
        migrations.AddConstraint(
            model_name="watch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("heartbeat_seconds", None),
                    models.Q(("heartbeat_seconds__gte", 10), ("heartbeat_seconds__lte", 86400)),
                    _connector="OR",
                ),
                name="watch_heartbeat_is_possible",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0011_tool_health.sql"),
    ]
