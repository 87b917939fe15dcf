from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file


def _line(*, null: bool) -> models.ForeignKey[object, object]:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="line_escalations",
        to="governance.agent",
    )


class Migration(migrations.Migration):
    """How many cases one line of agents has open is counted by an index, and never more than it may have."""

    dependencies = [("governance", "0018_flooding"), ("reviews", "0020_handovers")]

    operations = [
        migrations.AddField(model_name="escalation", name="line", field=_line(null=True)),
        run_file(Path(__file__).parent / "sql" / "0021_fair_share.sql"),
        migrations.AlterField(model_name="escalation", name="line", field=_line(null=False)),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(condition=Q(state="open"), fields=["line", "deadline"], name="escalation_of_line"),
        ),
    ]
