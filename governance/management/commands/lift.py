from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import halt
from governance.models import Halt, HaltTarget
from governance.policy.recovery import STAGE_SECONDS
from governance.problems import Problem


class Command(BaseCommand):
    help = "Lift a halt. A person does it, and the ledger says who."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", choices=HaltTarget.values)
        parser.add_argument("key", help="the scope's key, the agent's name or id, or the action type's key")
        parser.add_argument(
            "--recovery",
            type=int,
            default=STAGE_SECONDS,
            help="seconds of each of the two stages of recovery, 0 to a day: PROPOSE first, then EXECUTE (%(default)s)",
        )
        parser.add_argument("--by", required=True, help="the user name of the council member who lifts")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = halt.find_target(options["target"], options["key"])
            row = Halt.objects.filter(target=options["target"], key=key, lifted_at__isnull=True).first()
            if row is None:
                raise CommandError("There is no such halt in force.")
            row = halt.lift(row, by=f"user:{options['by']}", recovery=options["recovery"])
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        until = f", recovering until {row.recovers_until:%Y-%m-%d %H:%M:%S} UTC" if row.recovery_seconds else ""
        self.stdout.write(f"Lifted: {row.target} {row.key}{until}")
