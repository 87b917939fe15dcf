from __future__ import annotations

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file

KINDS = [
    ("medium_execution", "Ran by itself at medium risk"),
    ("guardrail_grant", "Granted by policy inside a guardrail"),
    ("red", "Evidence turned red"),
    ("halt", "Halted"),
    ("case_expiring", "A case is about to expire"),
    ("against_facts", "Approved against the record"),
    ("tool_red", "A tool is failing"),
]


class Migration(migrations.Migration):
    """A tool or connector that turns red is told once."""

    dependencies = [("reviews", "0014_reject_reasons"), ("governance", "0011_tool_health")]
    operations = [
        migrations.AddField(
            model_name="alert", name="tool", field=models.CharField(blank=True, db_default="", max_length=80)
        ),
        migrations.AlterField(model_name="alert", name="kind", field=models.CharField(choices=KINDS, max_length=16)),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=(Q(kind="tool_red") & ~Q(tool="")) | (~Q(kind="tool_red") & Q(tool="")),
                name="alert_of_a_tool_names_it",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0015_tool_alerts.sql"),
    ]
