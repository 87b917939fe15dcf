from __future__ import annotations

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file

_OPEN = Q(state="open")


def _filtered(name: str, *fields: str) -> migrations.AddIndex:
    """One range for each set of filters that begins with these columns, in the order of the queue."""
    index = models.Index(fields=[*fields, "sort_key", "id"], condition=_OPEN, name=name)
    return migrations.AddIndex(model_name="escalation", index=index)


class Migration(migrations.Migration):
    """What the queue asks for stands in the row of a case, so that no filter makes its page read more than it shows."""

    dependencies = [
        ("reviews", "0009_overrides"),
        ("governance", "0010_bundles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="escalation",
            name="action_type",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="escalations",
                to="governance.actiontype",
            ),
        ),
        migrations.AddField(
            model_name="escalation",
            name="domain",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="escalations",
                to="governance.scope",
            ),
        ),
        migrations.AddField(model_name="escalation", name="risk", field=models.SmallIntegerField(null=True)),
        migrations.AddField(
            model_name="escalation",
            name="owners",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None),
        ),
        migrations.AddField(
            model_name="escalation",
            name="entity",
            field=models.CharField(blank=True, default="", max_length=128),
            preserve_default=False,
        ),
        run_file(Path(__file__).parent / "sql" / "0010_queue.sql"),
        migrations.AlterField(
            model_name="escalation",
            name="action_type",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="escalations",
                to="governance.actiontype",
            ),
        ),
        migrations.AlterField(model_name="escalation", name="risk", field=models.SmallIntegerField()),
        migrations.AlterField(
            model_name="escalation",
            name="owners",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
        ),
        _filtered("escalation_queue_of_type", "action_type", "rank", "risk"),
        _filtered("escalation_queue_of_domain", "domain", "rank", "risk"),
        _filtered("escalation_queue_of_rank", "rank", "risk"),
        _filtered("escalation_queue_of_owners", "owners", "rank", "risk"),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(
                condition=_OPEN & Q(taken_by__isnull=False), fields=["taken_by", "taken_until"], name="escalation_taken"
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(
                condition=_OPEN & ~Q(entity=""), fields=["entity", "sort_key"], name="escalation_of_entity"
            ),
        ),
    ]
