from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import halt, standing
from governance.models import HaltTarget, Permission
from governance.policy.tiers import Level
from governance.problems import Problem

LOWER = (Level.L2, Level.L1, Level.L0)


class Command(BaseCommand):
    help = "Lower an agent's level for an action type by one, because reviews found too many errors."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("agent", help="its name or id")
        parser.add_argument("action_type", help="the key of the action type")
        parser.add_argument("--to", required=True, choices=[each.name for each in LOWER], help="the level it goes to")
        parser.add_argument("--by", required=True, help="the user name of the council member who lowers it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            agent = UUID(halt.find_target(HaltTarget.AGENT, options["agent"]))
            held = Permission.objects.filter(agent=agent, action_type__key=options["action_type"]).first()
            if held is None:
                raise CommandError("The agent holds no permission for this action type.")
            lowered = standing.lower_level(held, to=Level[options["to"]], by=f"user:{options['by']}")
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"Lowered to L{lowered.level}. It may be raised again after its cooldown.")
