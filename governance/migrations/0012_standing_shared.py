from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Who judges a standing and acts on it keeps it from being written meanwhile."""

    dependencies = [
        ("governance", "0011_tool_health"),
    ]

    operations = [run_file(Path(__file__).parent / "sql" / "0012_standing_shared.sql")]
