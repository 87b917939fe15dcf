"""What reviews show of the errors of an agent bounds what the machine lets it do, from the finding that showed it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import transaction

from governance import catalogue, errors, locks, permit, record, standing
from governance.authenticate import Credential, hash_key
from governance.latches import ERRORS
from governance.models import Grant, Permission, Standing
from governance.policy.tiers import Level, Tier
from governance.problems import Problem
from reviews import roster
from reviews.intake import ask
from reviews.models import Alert, Finding
from reviews.spot_review import judge_draw
from tests.cast import BENCH_REFUND, BY, Cast
from tests.governance.family import hired
from tests.reviews.racers import race_to_the_end
from tests.reviews.scene import Scene, backdate, bench, entries, refused
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


def latch(cast: Cast) -> Standing | None:
    return Standing.objects.filter(agent=cast.refunder, latch=f"{ERRORS}{cast.refund.pk}").first()


def is_red(cast: Cast) -> bool:
    row = latch(cast)
    return row is not None and row.in_episode


def errors_are(cast: Cast, *, too_many: bool) -> list[dict[str, Any]]:
    with transaction.atomic():
        locks.share_authority()
        turned = errors.keep_errors(cast.refunder.pk, cast.refund.pk, too_many=too_many)
        record.append(event=record.Event.AGENT_CHANGED, actor=BY, body={"test": "measured"})
    return turned


def a_week_passes(cast: Cast) -> None:
    row = latch(cast)
    assert row is not None
    backdate("update governance_standing set green_since = green_since - interval '7 days' where id = %s", row.pk)


LET = {"outcome": "execute", "codes": ["within_authority"]}
HELD = {"outcome": "escalate", "codes": ["too_many_errors"]}


def test_the_finding_that_shows_too_many_errors_leaves_everything_to_people_at_once(scene: Scene) -> None:
    assert asks(scene) == LET
    judged(scene, sound=False, earlier=[True] * 5 + [False] * 4)
    assert is_red(scene.cast)
    assert asks(scene)["codes"] == ["too_many_errors"]
    (entry,) = entries("draw_judged")
    assert [(each["red"], each["why"]) for each in entry["standing"]] == [(True, "errors")]
    (stood,) = roster.read(scene.cast.refunder.pk).stood
    assert (stood.tier, stood.why, stood.strikes) == (Tier.PROPOSE, "Reviews found too many errors.", 1)
    assert stood.until == "Once reviews show too many errors no longer, and its wait has passed."
    alert = Alert.objects.get(kind="red")
    assert (alert.agent_id, alert.action_type_id) == (scene.cast.refunder.pk, scene.cast.refund.pk)


def test_one_error_among_few_shows_nothing(scene: Scene) -> None:
    judged(scene, sound=False, earlier=[True] * 5)
    assert latch(scene.cast) is None
    assert asks(scene) == LET


def test_findings_that_speak_for_the_agent_only_begin_the_wait(scene: Scene) -> None:
    """Nobody who judges one more action lets the agent go on by it."""
    draw = drawn(scene)
    errors_are(scene.cast, too_many=True)
    judge_draw(draw.pk, reviewer=scene.cast.ada, sound=True)
    assert not is_red(scene.cast)
    assert asks(scene) == HELD
    a_week_passes(scene.cast)
    assert asks(scene) == LET


def test_the_second_time_it_waits_twice_as_long(scene: Scene) -> None:
    cast = scene.cast
    for _ in range(2):
        errors_are(cast, too_many=True)
        errors_are(cast, too_many=False)
    a_week_passes(cast)
    assert asks(scene) == HELD
    a_week_passes(cast)
    assert asks(scene) == LET


def test_a_type_waits_as_long_as_it_says(scene: Scene) -> None:
    cast = scene.cast
    document = {**BENCH_REFUND, "standing": {"statistical": {"cooldown": "1d"}}}
    catalogue.save_action_type(document, domain=cast.service, by=BY)
    errors_are(cast, too_many=True)
    errors_are(cast, too_many=False)
    row = latch(cast)
    assert row is not None
    backdate("update governance_standing set green_since = green_since - interval '1 day' where id = %s", row.pk)
    assert asks(scene) == LET


@pytest.mark.parametrize("how", ["lowered", "set lower", "given again"])
def test_who_lowers_a_level_lets_nothing_through_and_evidence_begins_anew(scene: Scene, how: str) -> None:
    cast, waiting = scene.cast, drawn(scene)
    permit.set_level(cast.refunder, cast.refund, level=Level.L3, by=BY)
    judged(scene, sound=False, earlier=[False] * 9)
    assert asks(scene) == HELD
    if how == "lowered":
        standing.lower_level(permission(cast), to=Level.L2, by=cast.mary)
    elif how == "set lower":
        permit.set_level(cast.refunder, cast.refund, level=Level.L2, by=cast.mary)
    else:
        permit.revoke(permission(cast), by=BY)
        permit.set_level(cast.refunder, cast.refund, level=Level.L2, by=BY)
    assert asks(scene) == HELD, "narrowing never widens"
    judge_draw(waiting.pk, reviewer=cast.ada, sound=True)
    assert not is_red(cast), "what was wrong before the new attempt counts no more"
    a_week_passes(cast)
    assert asks(scene) == LET


def test_a_level_that_is_lowered_without_any_error_begins_anew_as_well(scene: Scene) -> None:
    cast = scene.cast
    judged(scene, sound=False, earlier=[])
    permit.set_level(cast.refunder, cast.refund, level=Level.L1, by=cast.mary)
    permit.set_level(cast.refunder, cast.refund, level=Level.L2, by=BY)
    judge_draw(drawn(scene).pk, reviewer=cast.ada, sound=False, reason="harmful")
    assert not is_red(cast), "one of one, not two of two"


@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_findings_at_once_the_later_counts_both(committed_scene: Scene, guarded: bool) -> None:
    """Two of two wrong show too many errors, one of two does not; without the lock each process sees its own alone."""
    with transaction.atomic():
        work = {name: str(drawn(committed_scene).pk) for name in ("ada", "grace")}
    race_to_the_end("finders", processes=2, threads=1, work=work, guarded=guarded, pause=1.5)
    assert Finding.objects.count() == 2
    assert is_red(committed_scene.cast) is guarded


def test_raising_a_level_forgets_no_error(scene: Scene) -> None:
    cast = scene.cast
    judged(scene, sound=False, earlier=[False] * 9)
    permit.set_level(cast.refunder, cast.refund, level=Level.L3, by=BY)
    assert asks(scene) == HELD


@pytest.mark.parametrize("too_many", [True, False])
def test_what_was_granted_before_is_not_begun_after_it(scene: Scene, too_many: bool) -> None:
    """I13: nothing is begun above a red that committed before, whichever latch turned."""
    grant = Grant.objects.get(action=scene.running())
    if too_many:
        errors_are(scene.cast, too_many=True)
        with pytest.raises(Problem) as problem:
            scene.redeem(grant)
        assert refused(problem) == "refused"
    else:
        assert scene.redeem(grant).redeemed_at is not None


def test_errors_of_an_agent_above_count_for_whoever_acts_for_it(cast: Cast) -> None:
    child = hired(cast, "Helper", parent=cast.refunder)
    assert asked(child, "k1").body["outcome"] == "execute"
    errors_are(cast, too_many=True)
    told = asked(child, "k2").body
    assert told["bound_by"] == "standing Refunder: PROPOSE"


def test_errors_of_one_type_say_nothing_of_another(scene: Scene) -> None:
    judged(scene, sound=False, earlier=[False] * 9)
    other = scene.ask("20.00", kind="shop.express", order="W2")
    assert other.body["outcome"] == "execute"


def test_finding_the_same_again_writes_nothing(cast: Cast) -> None:
    for too_many in (True, False):
        assert errors_are(cast, too_many=too_many)
        assert not errors_are(cast, too_many=too_many)
    row = latch(cast)
    assert row is not None
    assert (row.strikes, row.in_episode, row.why) == (1, False, "errors")
