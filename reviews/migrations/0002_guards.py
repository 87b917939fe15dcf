from __future__ import annotations

from pathlib import Path

from django.db import migrations

from governance.migrations._sql import run_file

HERE = Path(__file__).parent / "sql"
# In this order: a function in SQL names only what is there.
TOPICS = (
    "guards",
    "commit",
    "gather",
    "judgement",
    "binding_requests",
    "alerts",
    "red_alerts",
    "overrides",
    "caps",
    "notices",
    "consent",
    "reject_reasons",
    "tool_alerts",
    "four_eyes",
    "extensions",
    "lacks",
    "handovers",
    "fair_share",
    "practice",
    "chronicle",
    "absences",
)


class Migration(migrations.Migration):
    """The decision and its gathering read, and what guards judging."""

    dependencies = [("reviews", "0001_initial"), ("governance", "0002_guards")]
    operations = [run_file(HERE / f"0002_{topic}.sql") for topic in TOPICS]
