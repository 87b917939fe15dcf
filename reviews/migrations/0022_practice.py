from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What reviewers answer in practice, and who may take real cases since."""

    dependencies = [
        ("governance", "0018_flooding"),
        ("reviews", "0021_fair_share"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PracticeAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drill", models.CharField(max_length=32)),
                ("approve", models.BooleanField()),
                ("right", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice_answers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("right", True)), fields=("reviewer", "drill"), name="practice_right_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Practised",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("waived_by", models.CharField(blank=True, max_length=86)),
                (
                    "reviewer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practised",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "finished or waived practice",
                "verbose_name_plural": "finished or waived practice",
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0022_practice.sql"),
    ]
