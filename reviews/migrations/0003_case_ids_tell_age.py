from __future__ import annotations

from django.db import migrations, models

import governance.ids


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_guards")]

    operations = [
        migrations.AlterField(
            model_name="escalation",
            name="id",
            field=models.UUIDField(
                default=governance.ids.ordered_id, editable=False, primary_key=True, serialize=False
            ),
        )
    ]
