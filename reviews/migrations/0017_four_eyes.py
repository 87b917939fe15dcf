from __future__ import annotations

from pathlib import Path

from django.db import migrations, models
from django.db.models import F, Q

from governance.migrations._sql import run_file


def _unique(name: str, *fields: str, **condition: bool) -> migrations.AddConstraint:
    standing = Q(withdrawn_at__isnull=True, **condition)
    constraint = models.UniqueConstraint(fields=fields, condition=standing, name=name)
    return migrations.AddConstraint(model_name="verdict", constraint=constraint)


def _check(name: str, condition: Q) -> migrations.AddConstraint:
    return migrations.AddConstraint(
        model_name="verdict", constraint=models.CheckConstraint(condition=condition, name=name)
    )


def _number(name: str) -> migrations.AddField:
    return migrations.AddField(model_name="verdict", name=name, field=models.SmallIntegerField(default=1))


class Migration(migrations.Migration):
    """Several people approve one case, each once, and only the last approval or a reject closes it."""

    dependencies = [("reviews", "0016_flow")]
    operations = [
        _number("stage"),
        _number("stages"),
        migrations.AddField(model_name="verdict", name="closes", field=models.BooleanField(default=True)),
        migrations.AddField(model_name="verdict", name="set_aside_at", field=models.DateTimeField(null=True)),
        migrations.RemoveConstraint(model_name="verdict", name="verdict_one_standing_per_escalation"),
        _unique("verdict_one_standing_per_escalation", "escalation", closes=True),
        _unique("verdict_one_standing_per_person", "escalation", "reviewer", set_aside_at__isnull=True),
        _unique("verdict_one_standing_per_stage", "escalation", "stage", set_aside_at__isnull=True),
        _check("verdict_stage_of_stages", Q(stage__gte=1, stage__lte=F("stages"))),
        _check(
            "verdict_the_last_or_a_reject_closes",
            Q(closes=True) | Q(approve=True, stages__gt=1),
        ),
        _check(
            "verdict_only_what_waits_is_set_aside",
            Q(set_aside_at__isnull=True) | Q(closes=False, withdrawn_at__isnull=True),
        ),
        run_file(Path(__file__).parent / "sql" / "0017_four_eyes.sql"),
    ]
