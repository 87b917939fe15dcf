from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file

HERE = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """Who may lower the ceilings of a domain or project, besides the council."""

    dependencies = [("governance", "0002_guards"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Steward",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stewardships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stewards",
                        to="governance.scope",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("scope", "person"), name="steward_once_for_a_scope")]
            },
        ),
        run_file(HERE / "0003_stewards.sql"),
    ]
