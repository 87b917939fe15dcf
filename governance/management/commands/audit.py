from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import audit


class Command(BaseCommand):
    help = "Verify the ledger: recompute every leaf. Ends with 0 when sound, with 2 at the first that is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit.verify()
        if not found.sound:
            raise CommandError(
                f"Entry {found.first_bad} was altered: its leaf is not the hash of its row."
                f" {found.entries} entries before it are sound.",
                returncode=2,
            )
        self.stdout.write(f"{found.entries} entries up to number {found.last} are what was written.")
        self.stdout.write(
            f"{found.gaps} numbers are not there. A transaction that rolled back leaves such a gap too:"
            " until the ledger is sealed, a missing entry cannot be proved."
        )
