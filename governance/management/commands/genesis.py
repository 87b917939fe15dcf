from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.enrol import new_password
from governance.genesis import genesis
from governance.policy.tiers import Tier
from governance.problems import Problem

_CEILINGS = [tier.name for tier in Tier if tier is not Tier.HALT]


class Command(BaseCommand):
    help = "Begin a fresh instance: its enterprise and its first council. It works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--enterprise", required=True, metavar="KEY", help="lower-case key, such as acme")
        parser.add_argument("--name", required=True, help="the enterprise's name, as people read it")
        parser.add_argument("--council", required=True, nargs="+", metavar="USER", help="user names; two or more")
        parser.add_argument("--ceiling", choices=_CEILINGS, default=Tier.PROPOSE.name)
        parser.add_argument("--demo", action="store_true", help="an instance for demonstration, for ever")

    def handle(self, *args: Any, **options: Any) -> None:
        passwords = {username: new_password() for username in options["council"]}
        try:
            genesis(
                enterprise=options["enterprise"],
                name=options["name"],
                council=options["council"],
                ceiling=Tier[options["ceiling"]],
                passwords=passwords,
                demo=options["demo"],
            )
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write("The instance has begun. First passwords, shown this once:")
        for username, password in passwords.items():
            self.stdout.write(f"  {username}  {password}")
        if len(passwords) < 2:
            self.stdout.write("One member alone cannot change their own groups: enrol a second one soon.")
