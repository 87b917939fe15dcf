from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file


class Migration(migrations.Migration):
    """A red that no decision names is an alert too."""

    dependencies = [("reviews", "0007_delegation"), ("governance", "0008_standing")]
    operations = [run_file(Path(__file__).parent / "sql" / "0008_red_alerts.sql")]
