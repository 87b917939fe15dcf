"""What reviews show of the errors of an agent bounds what the machine lets it do, from the finding that showed it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import transaction

from governance import catalogue, errors, locks, permit, record, standing
from governance.authenticate import Credential, hash_key
from governance.latches import ERRORS
from governance.models import Permission, Standing
from governance.policy.evidence import Signal
from governance.policy.standing import measured
from governance.policy.tiers import Level, Tier
from governance.redden import latch_of
from reviews import roster
from reviews.intake import ask
from reviews.models import Finding
from reviews.spot_review import judge_draw
from tests.cast import BENCH_REFUND, BY, Cast
from tests.governance.family import hired
from tests.reviews.racers import race_to_the_end
from tests.reviews.scene import Scene, backdate, bench, entries
from tests.reviews.test_delegation import asked
from tests.reviews.test_spot_review import drawn
from tests.reviews.test_statistics import Sampled

_numbers = itertools.count(90_000)
AGES_AGO = "update governance_permission set counted_from = timestamptz '2025-01-01' where id = %s"


def permission(cast: Cast) -> Permission:
    return Permission.objects.get(agent=cast.refunder, action_type=cast.refund)


def judged(scene: Scene, *, sound: bool, earlier: list[bool]) -> Finding:
    """One finding more, about an action of today, after others about older ones."""
    draw = drawn(scene)
    backdate(AGES_AGO, permission(scene.cast).pk)
    Sampled(scene.cast).add(earlier, probability="1")
    return judge_draw(draw.pk, reviewer=scene.cast.ada, sound=sound, reason="" if sound else "wrong_value")


def asks(scene: Scene) -> dict[str, Any]:
    """A request of today that nothing else is against."""
    body = ask(Credential(hash_key(scene.cast.refunder_key)), bench(number=next(_numbers))).body
    return {"outcome": body["outcome"], "codes": [reason["code"] for reason in body["reasons"]]}


def kept(cast: Cast) -> Signal | None:
    row = Standing.objects.filter(agent=cast.refunder, latch=f"{ERRORS}{cast.refund.pk}").first()
    return None if row is None else measured(latch_of(row))


def errors_are(cast: Cast, signal: Signal) -> list[dict[str, Any]]:
    with transaction.atomic():
        locks.share_authority()
        turned = errors.keep_errors(cast.refunder.pk, cast.refund.pk, signal)
        record.append(event=record.Event.AGENT_CHANGED, actor=BY, body={"test": "measured"})
    return turned


LET = {"outcome": "execute", "codes": ["within_authority"]}
HELD = {"outcome": "escalate", "codes": ["error_rate"]}


def test_the_finding_that_shows_too_many_errors_leaves_everything_to_people_at_once(scene: Scene) -> None:
    assert asks(scene) == LET
    judged(scene, sound=False, earlier=[True] * 5 + [False] * 4)
    assert kept(scene.cast) is Signal.RED
    assert asks(scene)["codes"] == ["error_rate"]
    (entry,) = entries("draw_judged")
    assert [(each["red"], each["why"]) for each in entry["standing"]] == [(True, "errors")]
    (stood,) = roster.read(scene.cast.refunder.pk).stood
    assert (stood.tier, stood.why) == (Tier.PROPOSE, "Reviews found too many errors.")
    assert stood.until.startswith("Once reviews show that it is within its limit")


def test_one_error_among_few_shows_nothing(scene: Scene) -> None:
    judged(scene, sound=False, earlier=[True] * 5)
    assert kept(scene.cast) is None
    assert asks(scene) == LET


def test_findings_that_speak_for_the_agent_lift_it_again(scene: Scene) -> None:
    draw = drawn(scene)
    errors_are(scene.cast, Signal.RED)
    assert asks(scene) == HELD
    judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)
    assert kept(scene.cast) is Signal.AMBER
    assert asks(scene) == LET


@pytest.mark.parametrize("sound", [400, 20])
def test_a_type_that_requires_them_known_needs_a_sample_that_shows_them_within_the_limit(
    scene: Scene, sound: int
) -> None:
    cast = scene.cast
    judged(scene, sound=True, earlier=[True] * sound)
    document = {**BENCH_REFUND, "evidence": [*BENCH_REFUND["evidence"], "error_rate"]}
    catalogue.save_action_type(document, domain=cast.service, by=BY)
    assert kept(cast) is (Signal.GREEN if sound == 400 else None)
    assert asks(scene) == (LET if sound == 400 else HELD)


@pytest.mark.parametrize("how", ["lowered", "set lower", "given again"])
def test_a_level_that_a_person_lowers_begins_a_new_attempt(scene: Scene, how: str) -> None:
    cast, waiting = scene.cast, drawn(scene)
    judged(scene, sound=False, earlier=[False] * 9)
    assert asks(scene) == HELD
    if how == "lowered":
        standing.lower_level(permission(cast), to=Level.L1, by=cast.mary)
    elif how == "set lower":
        permit.set_level(cast.refunder, cast.refund, level=Level.L1, by=cast.mary)
    else:
        permit.revoke(permission(cast), by=BY)
        permit.set_level(cast.refunder, cast.refund, level=Level.L1, by=BY)
    assert asks(scene)["codes"] == ["level_too_low"]
    judge_draw(waiting.pk, reviewer=cast.ada, sound=True)
    assert kept(cast) is Signal.AMBER, "what was wrong before the new attempt counts no more"


@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_findings_at_once_the_later_counts_both(committed_scene: Scene, guarded: bool) -> None:
    """Two of two wrong show too many errors, one of two does not; without the lock each process sees its own alone."""
    with transaction.atomic():
        work = {name: str(drawn(committed_scene).pk) for name in ("ada", "grace")}
    race_to_the_end("finders", processes=2, threads=1, work=work, guarded=guarded, pause=1.5)
    assert Finding.objects.count() == 2
    assert (kept(committed_scene.cast) is Signal.RED) is guarded


def test_raising_a_level_forgets_no_error(scene: Scene) -> None:
    cast = scene.cast
    judged(scene, sound=False, earlier=[False] * 9)
    permit.set_level(cast.refunder, cast.refund, level=Level.L3, by=BY)
    assert asks(scene) == HELD


def test_errors_of_an_agent_above_count_for_whoever_acts_for_it(cast: Cast) -> None:
    child = hired(cast, "Helper", parent=cast.refunder)
    assert asked(child, "k1").body["outcome"] == "execute"
    errors_are(cast, Signal.RED)
    assert [reason["code"] for reason in asked(child, "k2").body["reasons"]] == ["error_rate"]


def test_errors_of_one_type_say_nothing_of_another(scene: Scene) -> None:
    judged(scene, sound=False, earlier=[False] * 9)
    other = scene.ask("20.00", kind="shop.express", order="W2")
    assert other.body["outcome"] == "execute"


def test_measuring_the_same_again_writes_nothing(cast: Cast) -> None:
    for signal in (Signal.RED, Signal.GREEN, Signal.AMBER):
        assert errors_are(cast, signal)
        assert not errors_are(cast, signal)
    row = Standing.objects.get(latch=f"{ERRORS}{cast.refund.pk}")
    assert (row.strikes, row.in_episode, row.why) == (1, False, "errors")
