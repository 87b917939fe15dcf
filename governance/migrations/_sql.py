from __future__ import annotations

from pathlib import Path

from django.db import migrations


def run_file(path: Path) -> migrations.RunSQL:
    """One SQL file as an operation of a migration."""
    return migrations.RunSQL(path.read_text(), migrations.RunSQL.noop)
