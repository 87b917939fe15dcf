from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Policy issues grants too; a person gives one by a verdict."""

    dependencies = [
        ("governance", "0006_continuing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="grant",
            name="issued_by",
            field=models.CharField(
                choices=[("machine", "machine"), ("policy", "policy"), ("human", "human")], max_length=7
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("issued_by", "human"), ("verdict_id__isnull", False)),
                    models.Q(("issued_by__in", ["machine", "policy"]), ("verdict_id__isnull", True)),
                    _connector="OR",
                ),
                name="grant_a_person_gives_one_by_a_verdict",
            ),
        ),
    ]
