from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file

# What was named before stays named, without an end.
_KEEP = """
insert into governance_qualification (mandate_id, action_type_id)
  select mandate_id, actiontype_id from governance_mandate_action_types;
set constraints all immediate;
"""


class Migration(migrations.Migration):
    """Qualifications with an end of their own, working hours and load of a mandate."""

    dependencies = [("governance", "0018_flooding")]
    operations = [
        migrations.CreateModel(
            name="Qualification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "action_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="qualifications",
                        to="governance.actiontype",
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="qualifications",
                        to="governance.mandate",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("mandate", "action_type"), name="qualification_once_for_a_type")
                ],
            },
        ),
        migrations.RunSQL(_KEEP, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="mandate", name="action_types"),
        migrations.AddField(
            model_name="mandate",
            name="action_types",
            field=models.ManyToManyField(
                blank=True, related_name="mandates", through="governance.Qualification", to="governance.actiontype"
            ),
        ),
        migrations.AddField(
            model_name="mandate",
            name="work_zone",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="mandate",
            name="work_days",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.SmallIntegerField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(model_name="mandate", name="work_from", field=models.TimeField(blank=True, null=True)),
        migrations.AddField(model_name="mandate", name="work_until", field=models.TimeField(blank=True, null=True)),
        migrations.AddField(
            model_name="mandate", name="per_hour", field=models.SmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="mandate", name="per_day", field=models.SmallIntegerField(blank=True, null=True)
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.CheckConstraint(
                condition=Q(work_zone="", work_days=[], work_from__isnull=True, work_until__isnull=True)
                | (
                    ~Q(work_zone="")
                    & ~Q(work_days=[])
                    & Q(
                        work_days__contained_by=[1, 2, 3, 4, 5, 6, 7],
                        work_from__isnull=False,
                        work_until__isnull=False,
                    )
                ),
                name="mandate_hours_are_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandate",
            constraint=models.CheckConstraint(
                condition=(Q(per_hour__isnull=True) | Q(per_hour__gte=1))
                & (Q(per_day__isnull=True) | Q(per_day__gte=1)),
                name="mandate_load_is_positive",
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0019_mandates.sql"),
    ]
