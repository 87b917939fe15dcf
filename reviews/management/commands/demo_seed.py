"""Set the scene of the demo. `make demo` calls it; doing it again changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.problems import Problem
from governance.records.load import LoadError
from reviews.demo.cast import PEOPLE
from reviews.demo.seed import seed


class Command(BaseCommand):
    help = "Seed people, records, catalogue and agents of the demo; only on an instance that was born as one."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passwords = seed(self.stdout.write)
        except Problem as error:
            raise CommandError(error.detail) from error
        except LoadError as error:
            raise CommandError(str(error)) from error
        for username, password in passwords.items():
            # the supervisor of the demo keeps lines that begin with this word for its welcome
            self.stdout.write(f"login {username:6} {password}  {PEOPLE[username][1]}")
