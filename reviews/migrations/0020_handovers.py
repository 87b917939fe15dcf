from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Cases that are handed on or skipped, leases that are prolonged a few times, and what joins an open case."""

    dependencies = [
        ("governance", "0017_key_rotation"),
        ("reviews", "0019_lacks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("person", "Person"), ("rank", "Rank"), ("skip", "Skip")], max_length=6),
                ),
                ("rank", models.SmallIntegerField(null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("needs_authority", "It needs more authority than mine"),
                            ("knows_better", "Somebody else knows this customer or type better"),
                            ("interest", "I have an interest of my own in it"),
                            ("interrupted", "I cannot finish it now"),
                        ],
                        max_length=15,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Repeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="escalation",
            name="digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="escalation",
            name="renewals",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="escalation",
            name="repeats",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="escalation",
            name="skips",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("digest__isnull", False), ("state", "open")),
                fields=("digest",),
                name="escalation_one_open_per_digest",
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["domain", "action_type", "rank", "risk", "sort_key", "id"],
                name="escalation_queue_of_both",
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="handed_on",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="escalation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="handovers", to="reviews.escalation"
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="to",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="handed_to",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="repeat",
            name="action",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="repeat", to="governance.action"
            ),
        ),
        migrations.AddField(
            model_name="repeat",
            name="escalation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="joined", to="reviews.escalation"
            ),
        ),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(condition=models.Q(("kind", "skip")), fields=["by", "until"], name="handover_skipped"),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "person"), ("rank__isnull", True), ("to__isnull", False), ("until__isnull", True)
                    ),
                    models.Q(("kind", "rank"), ("rank__isnull", False), ("to__isnull", True), ("until__isnull", True)),
                    models.Q(("kind", "skip"), ("rank__isnull", True), ("to__isnull", True), ("until__isnull", False)),
                    _connector="OR",
                ),
                name="handover_says_where_to",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0020_handovers.sql"),
    ]
