from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Whether a key was ever used, and how often an agent calls what does not decide."""

    dependencies = [
        ("governance", "0012_standing_shared"),
    ]

    operations = [run_file(Path(__file__).parent / "sql" / "0013_key_use.sql")]
