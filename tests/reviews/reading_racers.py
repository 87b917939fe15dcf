"""Processes that write readings of tools at once, round by round."""

from __future__ import annotations

import os
from multiprocessing.synchronize import Barrier

from tests.support import forks


def _work(together: Barrier, rounds: int, good: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from governance.locks import database_now
    from governance.models import ToolReading

    for number in range(rounds):
        reading = ToolReading(tool=f"tool_{number}", good=good, source="report", read_at=database_now())
        together.wait(60)
        reading.save()


def race(*, processes: int, rounds: int, good: bool = False) -> list[int | None]:
    """Let each process write one reading of tool_0, tool_1 and so on, all of a tool at once; how each ended."""
    together = forks.CONTEXT.Barrier(processes)
    crew = [forks.start(_work, together, rounds, good) for _ in range(processes)]
    for process in crew:
        process.join(600)
    return [process.exitcode for process in crew]
