from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """More time for a case, once."""

    dependencies = [
        ("reviews", "0017_four_eyes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("record_pending", "The record is being put right"),
                            ("asked_owner", "The owner of the agent was asked"),
                            ("specialist", "A specialist must look at it"),
                            ("nobody_here", "Nobody with the mandate is here in time"),
                        ],
                        max_length=16,
                    ),
                ),
                ("before", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("extended_at", models.DateTimeField()),
                (
                    "escalation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extension",
                        to="reviews.escalation",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(until__gt=F("before")), name="extension_gives_time")]
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0018_extensions.sql"),
    ]
