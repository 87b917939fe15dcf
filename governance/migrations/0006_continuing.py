from __future__ import annotations

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file

STOPS = ("halted", "narrowed", "red", "approver", "grant_void", "too_long")


class Migration(migrations.Migration):
    """Leases of running actions, and the stages in which what was halted recovers."""

    dependencies = [("governance", "0005_triggers")]
    operations = [
        migrations.AddField("action", "started_at", models.DateTimeField(null=True)),
        migrations.AddField("action", "lease_seconds", models.IntegerField(null=True)),
        migrations.AddField("action", "lease_until", models.DateTimeField(null=True)),
        migrations.AddField("action", "checkpoints", models.IntegerField(db_default=0, default=0)),
        migrations.AddField("action", "stopped_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "action",
            "stop_reason",
            models.CharField(
                max_length=10, choices=[(stop, stop) for stop in STOPS], blank=True, db_default="", default=""
            ),
        ),
        migrations.AddIndex(
            "action",
            models.Index(
                fields=["lease_until"],
                condition=Q(state="executing", lease_until__isnull=False),
                name="action_lease_over",
            ),
        ),
        migrations.AddField("halt", "recovery_seconds", models.IntegerField(null=True, blank=True)),
        migrations.AddField("halt", "recovers_until", models.DateTimeField(null=True, blank=True)),
        migrations.AddConstraint(
            "halt",
            models.CheckConstraint(
                condition=Q(recovery_seconds__isnull=True) | Q(recovery_seconds__gte=0, recovery_seconds__lte=86_400),
                name="halt_recovers_within_two_days",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0006_continuing.sql"),
    ]
