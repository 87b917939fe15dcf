from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """What changed the levels and the standing of one agent is found by an index of the ledger."""

    dependencies = [("reviews", "0022_practice")]
    operations = [run_file(Path(__file__).parent / "sql" / "0023_chronicle.sql")]
