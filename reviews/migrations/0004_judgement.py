from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Linked cases of one action, the queue of what may be drawn, and what judging asks of the database."""

    dependencies = [("reviews", "0003_gather")]
    operations = [
        migrations.AlterField(
            model_name="escalation",
            name="action",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="escalations", to="governance.action"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                fields=["action"],
                condition=~models.Q(state="superseded"),
                name="escalation_one_live_per_action",
            ),
        ),
        migrations.CreateModel(
            name="Drawable",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="drawable",
                        serialize=False,
                        to="governance.action",
                    ),
                ),
            ],
        ),
        run_file(Path(__file__).parent / "sql" / "0004_judgement.sql"),
    ]
