from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.catalogue import import_file
from governance.models import Scope, ScopeKind
from governance.problems import Problem


class Command(BaseCommand):
    help = "Import a catalogue file: all of its action types and bindings, or none and every mistake with its place."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--domain", metavar="KEY", help="for a file that names no domain itself")
        parser.add_argument("--by", help="the user name of the council member; without it, the operator's shell")

    def handle(self, *args: Any, **options: Any) -> None:
        domain = None
        if options["domain"] is not None:
            domain = Scope.objects.filter(kind=ScopeKind.DOMAIN.value, key=options["domain"]).first()
            if domain is None:
                raise CommandError("There is no domain of this key.")
        by = f"user:{options['by']}" if options["by"] else "system:shell"
        try:
            done = import_file(options["file"], domain=domain, by=by)
        except Problem as problem:
            lines = [f"{place}: {sentence}" for place, sentence in problem.fields] or [problem.detail]
            raise CommandError("\n".join(lines)) from problem
        saved = f"{len(done.action_types)} action types and {len(done.bindings)} bindings saved"
        self.stdout.write(f"{saved}, {done.unchanged} unchanged.")
