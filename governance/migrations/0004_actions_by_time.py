from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("governance", "0003_registry")]
    operations = [
        migrations.AddIndex(model_name="action", index=BrinIndex(fields=["created_at"], name="action_by_time"))
    ]
