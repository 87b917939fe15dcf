from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import halt
from governance.models import HaltTarget
from governance.problems import Problem


class Command(BaseCommand):
    help = "Stop an enterprise, domain, project, agent or action type at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", choices=HaltTarget.values)
        parser.add_argument("key", help="the scope's key, the agent's name or id, or the action type's key")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", help="the user name of the person who halts; without it, the operator's shell")

    def handle(self, *args: Any, **options: Any) -> None:
        by = f"user:{options['by']}" if options["by"] else "system:shell"
        try:
            key = halt.find_target(options["target"], options["key"])
            row = halt.halt(options["target"], key, reason=options["reason"], by=by)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"Halted since {row.halted_at:%Y-%m-%d %H:%M:%S} UTC: {row.target} {row.key}")
