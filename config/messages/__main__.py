"""`make messages`: bring every catalogue of locale/ to the texts there are now, and compile it."""

from __future__ import annotations

import os
import sys

import django

from config.services.stack import BASE

LOCALE = BASE / "locale"


def main() -> int:
    """How many texts still lack their translation is the last line, and the exit code says whether any do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config.messages.collect import collect
    from config.messages.po import compiled, merged, read, written

    found, lacking = collect(), 0
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
        language = path.parent.parent.name
        entries = merged(found, read(path))
        path.write_text(written(entries, language), encoding="utf-8")
        path.with_suffix(".mo").write_bytes(compiled(entries, language))
        lacking += sum(not all(said.forms) or said.fuzzy for said in entries.values())
        sys.stdout.write(f"{language}: {len(entries)} texts\n")
    sys.stdout.write(f"{lacking} lack their translation\n")
    return min(1, lacking)


if __name__ == "__main__":
    raise SystemExit(main())
