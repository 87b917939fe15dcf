from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    """Cases by when they came and went, for those who lead reviewers."""

    dependencies = [("reviews", "0015_tool_alerts")]
    operations = [
        migrations.AddIndex("escalation", BrinIndex(fields=["opened_at"], name="escalation_by_time")),
        migrations.AddIndex(
            "escalation",
            models.Index(condition=models.Q(closed_at__isnull=False), fields=["closed_at"], name="escalation_closed"),
        ),
    ]
