from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What was spent counts on when caps are edited."""

    dependencies = [("reviews", "0010_queue"), ("governance", "0016_numbers")]
    operations = [run_file(Path(__file__).parent / "sql" / "0011_caps.sql")]
