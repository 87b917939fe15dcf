"""What a bench must reach: each goal that is missed is one line, and the run ends with 1."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A figure that must be at least, or at most, another."""

    name: str
    figure: float
    least: float | None = None
    most: float | None = None

    @property
    def missed(self) -> str:
        """How it was missed; empty when it was reached. What is no figure reaches nothing."""
        if self.least is not None and not self.figure >= self.least:
            return f"{self.name}: {self.figure:.2f}, at least {self.least:.2f} is the goal"
        if self.most is not None and not self.figure <= self.most:
            return f"{self.name}: {self.figure:.2f}, at most {self.most:.2f} is the goal"
        return ""


def judge(goals: Iterable[Goal]) -> int:
    """Say each goal that was missed; the status the run ends with."""
    known = list(goals)
    missed = [goal.missed for goal in known if goal.missed]
    for line in missed:
        say(f"MISSED  {line}")
    say(f"{len(known) - len(missed)} of {len(known)} goals are reached.")
    return 1 if missed or not known else 0


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
