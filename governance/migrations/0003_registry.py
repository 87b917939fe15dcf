from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0002_guards"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [run_file(Path(__file__).parent / "sql" / "0003_registry.sql")]
