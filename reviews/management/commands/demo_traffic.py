"""Let the demo's agents act on the running server. `make demo` calls it; doing it again adds nothing."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.models import Instance
from reviews.demo.traffic import open_cases, work


class Command(BaseCommand):
    help = "Post the demo's scenario to a running server; only on an instance that was born as a demo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=os.environ.get("PLACET_URL", "http://127.0.0.1:8000"), help="the server")
        parser.add_argument(
            "--only", choices=("cases", "work"), help="what people must decide, or what runs on its own"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        instance = Instance.objects.first()
        if instance is None or not instance.born_as_demo:
            raise CommandError("This instance was not born as a demo: run manage.py demo_seed on a fresh one.")
        url = options["url"].rstrip("/")
        if options["only"] != "work":
            open_cases(url, self.stdout.write)
        if options["only"] != "cases":
            work(url, self.stdout.write)
