from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What reviewers ask of the council: a binding for an action type that has none."""

    dependencies = [
        ("reviews", "0004_judgement"),
        ("governance", "0004_actions_by_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="BindingRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                (
                    "action_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="binding_requests",
                        to="governance.actiontype",
                    ),
                ),
                (
                    "escalation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="binding_requests",
                        to="reviews.escalation",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="binding_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["action_type", "reviewer"], name="binding_request_once_per_reviewer"
                    )
                ],
            },
        ),
        run_file(Path(__file__).parent / "sql" / "0005_binding_requests.sql"),
    ]
