from __future__ import annotations

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """An agent issues itself a successor of its key; nothing lengthens the life of one."""

    dependencies = [("governance", "0016_numbers")]
    operations = [
        migrations.AddField(
            model_name="agentkey",
            name="ends_by",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="agentkey",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="successors",
                to="governance.agentkey",
            ),
        ),
        migrations.AddField(
            model_name="agentkey",
            name="request_key",
            field=models.CharField(editable=False, max_length=128, null=True),
        ),
        migrations.AddConstraint(
            model_name="agentkey",
            constraint=models.UniqueConstraint(
                condition=Q(revoked_at__isnull=True), fields=("replaces",), name="key_has_one_successor"
            ),
        ),
        run_file(Path(__file__).parent / "sql" / "0017_key_rotation.sql"),
    ]
