from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What is a person's own: records that name them, and keys that they issued."""

    dependencies = [
        ("governance", "0019_mandates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record", models.CharField(max_length=128)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "record"), name="account_once_for_a_person"),
                    models.CheckConstraint(
                        condition=models.Q(("record", ""), _negated=True), name="account_names_a_record"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="agentkey",
            name="issued_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="issued_keys",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0020_own.sql"),
    ]
