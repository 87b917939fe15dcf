#!/usr/bin/env python
from __future__ import annotations

import os
import sys

from config.services.local import adopt

# Only these commands may alter tables, so only they connect as the owner of the schema.
OWNER_COMMANDS = frozenset({"migrate", "makemigrations", "sqlmigrate", "createcachetable"})


def main(argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(argv) > 1 and argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("PLACET_ROLE", "owner")
    adopt()
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(argv)
    except ImproperlyConfigured as error:
        if "--traceback" in argv:
            raise
        sys.exit(f"Placet cannot start: {error} Start `make demo` first, or set what docs/reference/settings.md names.")
    except DatabaseError as error:
        said = _said(error)
        if said is None or "--traceback" in argv:
            raise
        sys.exit(f"{said} --traceback shows more.")


def _said(error: Exception) -> str | None:
    """What an operator can put right about the database; None for a defect of ours."""
    from django.db import InterfaceError, OperationalError
    from django.db.migrations.exceptions import MigrationSchemaMissing

    state = getattr(error.__cause__, "sqlstate", None)
    if state == "42P01":  # undefined table
        return "The database has no tables of Placet that this role may see: run `manage.py migrate` first."
    if state == "42501" or isinstance(error, MigrationSchemaMissing):  # insufficient privilege
        return "The database refuses this to the role that asks: docs/how-to/operator.md says which role does what."
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database cannot be used: {str(error).partition(chr(10))[0]}."
    return None


if __name__ == "__main__":
    main(sys.argv)
