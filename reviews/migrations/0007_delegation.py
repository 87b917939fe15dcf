from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """Judging counts and halts over the whole chain of an action, tickets included."""

    dependencies = [("reviews", "0006_alerts"), ("governance", "0009_delegation")]
    operations = [run_file(Path(__file__).parent / "sql" / "0007_delegation.sql")]
