from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0009_delegation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bundle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="BundleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField()),
                ("files", models.JSONField()),
                ("digest", models.BinaryField(max_length=32)),
                ("report", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("proposed", "Proposed"), ("active", "Active"), ("retired", "Retired")],
                        default="proposed",
                        max_length=8,
                    ),
                ),
                ("shadow", models.BooleanField(default=False)),
                ("proposed_by", models.CharField(max_length=150)),
                ("proposed_at", models.DateTimeField()),
                ("activated_by", models.CharField(blank=True, max_length=150)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                ("retirement_asked_by", models.CharField(blank=True, max_length=150)),
                ("retired_by", models.CharField(blank=True, max_length=150)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("broken_since", models.DateTimeField(blank=True, null=True)),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="governance.bundle"
                    ),
                ),
            ],
            options={
                "ordering": ["bundle__name", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Shadow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tier", models.SmallIntegerField(null=True)),
                ("outcome", models.CharField(max_length=8)),
                ("decided", models.CharField(max_length=8)),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shadows", to="governance.action"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shadows",
                        to="governance.bundleversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="bundleversion",
            constraint=models.UniqueConstraint(fields=("bundle", "number"), name="bundle_version_once"),
        ),
        migrations.AddConstraint(
            model_name="bundleversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("bundle",), name="bundle_one_active_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="bundleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "active"), _negated=True),
                    models.Q(
                        models.Q(("activated_by", ""), _negated=True),
                        models.Q(("activated_by", models.F("proposed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="bundle_activated_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="bundleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retired_by", ""),
                    models.Q(
                        models.Q(("retirement_asked_by", ""), _negated=True),
                        models.Q(("retired_by", models.F("retirement_asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="bundle_retired_by_a_second_person",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0010_bundles.sql"),
    ]
