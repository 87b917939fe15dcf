from __future__ import annotations

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """A sub-agent that an agent registered has a number below its parent: reviewers never read the name it chose."""

    dependencies = [("governance", "0015_sign_in")]
    operations = [
        migrations.AddField("agent", "number", models.IntegerField(editable=False, null=True)),
        run_file(Path(__file__).parent / "sql" / "0016_numbers.sql"),
        migrations.AddConstraint(
            "agent",
            models.UniqueConstraint(fields=["parent", "number"], name="agent_numbered_once_below_its_parent"),
        ),
        migrations.AddConstraint(
            "agent",
            models.CheckConstraint(
                condition=Q(request_key__isnull=True, number__isnull=True)
                | Q(request_key__isnull=False, number__isnull=False, number__gte=1),
                name="agent_numbered_if_an_agent_registered_it",
            ),
        ),
    ]
