from __future__ import annotations

import uuid
from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Who is told of what, over which channel, and what each person chose."""

    dependencies = [
        ("reviews", "0011_caps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("medium_execution", "Ran by itself at medium risk"),
                    ("guardrail_grant", "Granted by policy inside a guardrail"),
                    ("red", "Evidence turned red"),
                    ("halt", "Halted"),
                    ("case_expiring", "A case is about to expire"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("case_opened", "A case waits for you"),
                            ("case_half", "Half of the time of a case is over"),
                            ("case_late", "A case is about to expire"),
                            ("case_handed", "A case was handed to you"),
                            ("case_escalated", "A case was escalated to your rank"),
                            ("alert", "Something to be seen"),
                            ("dead_letter", "Messages could not be delivered"),
                            ("digest", "What waits for you"),
                        ],
                        max_length=16,
                    ),
                ),
                ("subject", models.CharField(max_length=80)),
                ("created_at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="reviews.alert",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="reviews.escalation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("browser", "This console, in an open browser"),
                            ("slack", "Slack"),
                            ("email", "E-mail"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits"),
                            ("sent", "sent"),
                            ("skipped", "not needed"),
                            ("dead", "could not be delivered"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken", "somebody took the case"),
                            ("closed", "the case is closed"),
                            ("seen", "the alert was acknowledged"),
                            ("overtaken", "a later message says more"),
                            ("off", "this channel is switched off"),
                            ("left", "this person may not act on it any more"),
                            ("over", "it is over"),
                            ("refused", "the other side refused it"),
                            ("busy", "the other side asked us to wait"),
                            ("slow", "the other side did not answer in time"),
                            ("unreachable", "the other side could not be reached"),
                            ("broken", "the other side answered nonsense"),
                        ],
                        max_length=12,
                    ),
                ),
                ("attempts", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="reviews.notice"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Occasion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.SmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                (
                    "alert",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occasion",
                        to="reviews.alert",
                    ),
                ),
                (
                    "case",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="occasion",
                        to="reviews.escalation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(default="en", max_length=12)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("browser", "This console, in an open browser"),
                                ("slack", "Slack"),
                                ("email", "E-mail"),
                            ],
                            max_length=8,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("quiet_from", models.TimeField(null=True)),
                ("quiet_until", models.TimeField(null=True)),
                (
                    "digest",
                    models.CharField(
                        choices=[("off", "Off"), ("hourly", "Every hour"), ("daily", "Every day at eight")],
                        default="daily",
                        max_length=8,
                    ),
                ),
                ("mail", models.CharField(blank=True, max_length=254)),
                ("slack_member", models.CharField(blank=True, max_length=24)),
                ("theme", models.CharField(default="system", max_length=8)),
                ("keys", models.CharField(default="on", max_length=4)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="preference",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                models.F("person"), models.OrderBy(models.F("created_at"), descending=True), name="notice_of_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("person", "kind", "subject"), name="notice_once_for_person_and_thing"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="delivery_due"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                models.OrderBy(models.F("ended_at"), descending=True),
                condition=models.Q(("state", "dead")),
                name="delivery_dead",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("notice", "channel"), name="delivery_once_for_each_channel"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="delivery_ends_once",
            ),
        ),
        migrations.AddIndex(
            model_name="occasion",
            index=models.Index(fields=["due_at"], name="occasion_due"),
        ),
        migrations.AddConstraint(
            model_name="occasion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("alert__isnull", True), ("case__isnull", False)),
                    models.Q(("alert__isnull", False), ("case__isnull", True)),
                    _connector="OR",
                ),
                name="occasion_is_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from__isnull", True), ("quiet_until__isnull", True)),
                    models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                    _connector="OR",
                ),
                name="preference_quiet_hours_begin_and_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(("channels__contained_by", ["browser", "slack", "email"])),
                name="preference_channels_are_channels",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0012_notices.sql"),
    ]
