from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What a verdict covers, when its facts were handed out, and which of them it goes against."""

    dependencies = [
        ("reviews", "0012_notices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField("verdict", "consent_digest", models.BinaryField(default=b"", max_length=32)),
        migrations.AddField(
            "verdict",
            "facts_override",
            models.CharField(
                blank=True,
                choices=[
                    ("verified_otherwise", "I verified it in another way"),
                    ("record_outdated", "The record is known to be out of date"),
                    ("harm_of_waiting", "Waiting would harm the customer more"),
                    ("ordered", "A law or a court demands it"),
                ],
                default="",
                max_length=18,
            ),
        ),
        migrations.AddField(
            "verdict",
            "overridden",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64), blank=True, default=list, size=None
            ),
        ),
        migrations.CreateModel(
            name="Showing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("consent", models.BinaryField(max_length=32)),
                ("checks", models.SmallIntegerField()),
                ("shown_at", models.DateTimeField()),
                ("readable_at", models.DateTimeField()),
                (
                    "escalation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="showings",
                        to="reviews.escalation",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("escalation", "reviewer", "consent"), name="showing_once_per_reviewer"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("readable_at__gte", models.F("shown_at"))), name="showing_forwards"
                    ),
                ],
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0013_consent.sql"),
    ]
