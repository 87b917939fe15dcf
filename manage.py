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

    try:
        execute_from_command_line(argv)
    except ImproperlyConfigured as error:
        if "--traceback" in argv:
            raise
        sys.exit(f"Placet cannot start: {error} Start `make demo` first, or set what docs/reference/settings.md names.")


if __name__ == "__main__":
    main(sys.argv)
