"""Leaving while everybody takes cases and hands them on, with real processes. The guard is also taken out once."""

from __future__ import annotations

import time

import pytest
from django.db.models.functions import Now

from governance import mandates
from reviews import leave
from reviews.cases import give_back_all
from reviews.models import Absence, Escalation
from tests.cast import BY
from tests.reviews.racers import MOST, racing
from tests.reviews.scene import Scene, entries
from tests.reviews.test_judgement_races import goes, prepared, wide
from tests.support.proof import PROVE

pytestmark = pytest.mark.full

RELEASED = 200 if PROVE else 12


def held_while_away(scene: Scene, *, until_seen: bool = False) -> tuple[int, int]:
    """Ada leaves and comes back while everybody takes and hands on: how many cases she gave back in all, and how often
    she was seen with one while she was away.
    """
    ada, cases = scene.cast.ada, prepared(wide(scene), 3)
    for person in (ada, scene.cast.grace):
        mandates.set_mandate(person, rank=3, money_limit=10**9, by=BY)
    hers = Escalation.objects.filter(state="open", taken_by=ada, taken_until__gt=Now())
    released, kept, patience = 0, 0, time.monotonic() + MOST
    names, them = ["ada", "grace"], [str(case.pk) for case in cases]
    with racing("holders", processes=2, threads=3, names=names, cases=them):
        while time.monotonic() < patience and (kept == 0 if until_seen else released < RELEASED):
            while not hers.exists() and time.monotonic() < patience:
                time.sleep(0.002)
            goes(ada)
            released += len(entries("absence_set")[-1]["released"])
            kept += hers.exists()
            leave.come_back(Absence.objects.get(ended_at=None).pk, reviewer=ada)
    return released, kept


def test_nobody_who_is_away_holds_a_case(committed_scene: Scene) -> None:
    released, kept = held_while_away(committed_scene)
    assert released >= RELEASED
    assert kept == 0


def test_without_waiting_for_what_is_looked_at_who_is_away_holds_a_case(
    committed_scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leave, "give_back_all", lambda who, now, waits: give_back_all(who, now, waits=False))
    _, kept = held_while_away(committed_scene, until_seen=True)
    assert kept > 0
