from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]
    operations = [run_file(Path(__file__).parent / "sql" / "0002_guards.sql")]
