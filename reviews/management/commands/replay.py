"""Make recorded agents act again; docs/reference/recorded-runs.md describes folder and options."""

from __future__ import annotations

import json
import os
import signal
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from governance.problems import Problem
from governance.records.load import LoadError
from reviews.replay.folder import FolderError
from reviews.replay.run import Plan, replay
from reviews.replay.types import DEFAULT_CAPS, cap_document

STOPPED = "Stopped. What was answered stays; the same command asks the rest."


class Command(BaseCommand):
    help = "Register the agents of a folder of recorded runs and post what they did to a running server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="the folder (default: agent_runs in PLACET_DATA)")
        parser.add_argument("--url", default=os.environ.get("PLACET_URL", "http://127.0.0.1:8000"), help="the server")
        parser.add_argument("--agents", type=_positive, default=8, metavar="N", help="agents that act at the same time")
        parser.add_argument("--rate", type=_rate, metavar="R", help="most requests in a second")
        parser.add_argument("--limit", type=_positive, metavar="N", help="most writes to post")
        usual = [cap_document(each) for each in DEFAULT_CAPS]
        words = "of types that move money, such as run:count=5/24h"
        parser.add_argument("--caps", nargs="*", type=_cap, default=usual, metavar="CAP", help=words)
        parser.add_argument("--json", action="store_true", help="the summary as JSON, without a progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan(
            path=options["path"] or _default_path(),
            url=options["url"].rstrip("/"),
            connections=options["agents"],
            rate=options["rate"],
            limit=options["limit"],
            caps=options["caps"],
        )
        quiet = options["json"]
        console = Console(stderr=True, quiet=quiet)
        try:
            with _bar(console) as bar:
                summary = replay(plan, say=console.print, progress=lambda total: _steps(bar, total))
        except (FolderError, LoadError) as error:
            raise CommandError(str(error)) from error
        except Problem as error:
            raise CommandError(error.detail) from error
        except KeyboardInterrupt as error:
            raise CommandError(STOPPED, returncode=128 + signal.SIGINT) from error
        if quiet:
            self.stdout.write(json.dumps(summary.document(), indent=1))
        else:
            for table in summary.tables():
                console.print(table)
            self.stdout.write(summary.sentence())
        if not summary.sound:
            raise CommandError(f"{summary.wanted - summary.answered} writes were not answered as they should be.")


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=console.quiet)


def _steps(bar: Progress, total: int) -> Callable[[], None]:
    task = bar.add_task("Posting", total=total)
    return lambda: bar.advance(task)


def _default_path() -> Path:
    if settings.PLACET_DATA is None:
        raise CommandError("Name a folder of recorded runs, or set PLACET_DATA.")
    return Path(settings.PLACET_DATA) / "agent_runs"


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ArgumentTypeError("a whole number from 1 is expected")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError as error:
        raise ArgumentTypeError("a number is expected") from error
    if not 0 < rate < 1_000_000:
        raise ArgumentTypeError("a number above 0 is expected")
    return rate


def _cap(text: str) -> dict[str, Any]:
    try:
        return cap_document(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
