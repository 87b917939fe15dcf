from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file

HERE = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial"), ("governance", "0002_guards")]
    operations = [run_file(HERE / "0002_guards.sql"), run_file(HERE / "0002_commit.sql")]
