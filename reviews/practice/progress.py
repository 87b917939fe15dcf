"""READ how far one reviewer is with the practice cases."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import User

from governance.locks import database_now
from governance.problems import Code, Problem
from reviews.models import PracticeAnswer, Practised
from reviews.practice import drills
from reviews.practice.drills import Drill
from reviews.practice.words import LESSONS, Lesson


@dataclass(frozen=True, slots=True)
class Answered:
    """The last answer to one practice case."""

    key: str
    approve: bool
    right: bool
    lesson: Lesson


@dataclass(frozen=True, slots=True)
class Progress:
    """All practice cases of one reviewer. `next` is the key of the one to answer now, empty when none is left.

    `free`: they may take real cases; `waived`: because the council said so.
    """

    answered: tuple[Answered, ...]
    next: str
    done: int
    count: int
    free: bool
    waived: bool


@dataclass(frozen=True, slots=True)
class Exercise:
    """One practice case for one reviewer: `given` is their last answer, None before the first and when asked again."""

    drill: Drill
    given: Answered | None
    place: int
    progress: Progress


def read(viewer: User) -> Progress:
    """How far they are. What was answered wrongly comes again after the others."""
    newest = PracticeAnswer.objects.filter(reviewer=viewer).order_by("drill", "-pk").distinct("drill")
    last = {given.drill: given for given in newest}
    every = drills.every()
    open_now = [key for key in every if key not in last] + [key for key in every if key in last and not last[key].right]
    over = Practised.objects.filter(reviewer=viewer).first()
    return Progress(
        answered=tuple(_answered(last[key]) for key in every if key in last),
        next=open_now[0] if open_now else "",
        done=len(every) - len(open_now),
        count=len(every),
        free=over is not None,
        waived=over is not None and bool(over.waived_by),
    )


def exercise(key: str, viewer: User, *, again: bool = False) -> Exercise:
    """One practice case as this reviewer sees it. `again`: what was answered wrongly, asked once more.

    Problem NOT_FOUND.
    """
    if key not in drills.every():
        raise Problem(Code.NOT_FOUND, "There is no such practice case.")
    progress = read(viewer)
    given = next((each for each in progress.answered if each.key == key), None)
    asked = given is None or (again and not given.right)
    now: dt.datetime = database_now()
    place = drills.every().index(key) + 1
    return Exercise(drills.read(key, now=now), None if asked else given, place, progress)


def _answered(given: PracticeAnswer) -> Answered:
    return Answered(given.drill, given.approve, given.right, LESSONS[given.drill])
