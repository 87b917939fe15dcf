from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What reviewers find lacking on screens, and what the council answers."""

    dependencies = [
        ("governance", "0016_numbers"),
        ("reviews", "0018_extensions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing", "A fact that I need is not there"),
                            ("unclear", "A fact does not say what it means"),
                            ("stale", "A fact is too old to decide on"),
                            ("needless", "A fact distracts and decides nothing"),
                        ],
                        max_length=8,
                    ),
                ),
                ("field", models.CharField(blank=True, max_length=64)),
                ("told_at", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("changed", "The screen shows it now"),
                            ("elsewhere", "It stands elsewhere on the screen"),
                            ("not_recorded", "No record holds it"),
                            ("not_needed", "The decision does not depend on it"),
                        ],
                        max_length=12,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "action_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lacks",
                        to="governance.actiontype",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_lacks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "escalation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lacks",
                        to="reviews.escalation",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lacks", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("answer", "")), fields=["action_type", "kind", "field"], name="lack_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("escalation", "reviewer", "kind", "field"), name="lack_told_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True)),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="lack_is_answered_by_somebody",
                    ),
                ],
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0019_lacks.sql"),
    ]
