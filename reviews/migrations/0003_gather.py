from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """The gathering read names the open cases of a cap, so it lives beside their table."""

    dependencies = [("reviews", "0002_guards")]
    operations = [run_file(Path(__file__).parent / "sql" / "0003_gather.sql")]
