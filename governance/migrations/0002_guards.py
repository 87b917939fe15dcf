from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file

HERE = Path(__file__).parent / "sql"
# In this order: a function in SQL names only what is there.
TOPICS = (
    "guards",
    "registry",
    "triggers",
    "continuing",
    "standing",
    "delegation",
    "bundles",
    "tool_health",
    "key_use",
    "sign_in",
    "numbers",
    "key_rotation",
    "mandates",
    "own",
)


class Migration(migrations.Migration):
    """What stands in the database, so that every way to it meets the same rule."""

    dependencies = [("governance", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [run_file(HERE / f"0002_{topic}.sql") for topic in TOPICS]
