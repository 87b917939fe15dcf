"""What of a decision made now stops an action that has begun."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.continuing import STOPS, Stop, authority, stops
from governance.policy.decision import decide
from governance.policy.evidence import Kind, Signal
from governance.policy.holds import Hold, Over
from governance.policy.inputs import Inputs
from governance.policy.tiers import Level, Tier
from tests.policy.build import inputs


def under(kind: LimiterKind, tier: Tier | None) -> Inputs:
    given = inputs()
    others = tuple(each for each in given.limiters if each.kind is not kind)
    return replace(given, limiters=(*others, Limiter(kind, "refunds", tier)))


def judged(given: Inputs, *, by_person: bool = False) -> Stop | None:
    return stops(decide(given), by_person=by_person)


def test_what_stands_goes_on() -> None:
    assert judged(inputs()) is None
    assert judged(inputs(), by_person=True) is None


@pytest.mark.parametrize("by_person", [False, True], ids=["machine", "person"])
def test_a_halt_stops_everybody(by_person: bool) -> None:
    assert judged(inputs(halts=("project refunds",)), by_person=by_person) is Stop.HALTED


@pytest.mark.parametrize("by_person", [False, True], ids=["machine", "person"])
def test_a_refusal_stops_everybody(by_person: bool) -> None:
    for refused in (inputs(level=None), inputs(inactive=("Refunder",)), under(LimiterKind.PROJECT, Tier.OBSERVE)):
        assert judged(refused, by_person=by_person) is Stop.NARROWED


@pytest.mark.parametrize("by_person", [False, True], ids=["machine", "person"])
def test_a_tool_that_turned_red_stops_everybody(by_person: bool) -> None:
    given = inputs()
    red = replace(
        given,
        required_evidence=given.required_evidence | {Kind.TOOL_HEALTH},
        signals={**given.signals, Kind.TOOL_HEALTH: Signal.RED},
    )
    assert judged(red, by_person=by_person) is Stop.RED


@pytest.mark.parametrize("kind", [LimiterKind.ENTERPRISE, LimiterKind.DOMAIN, LimiterKind.PROJECT, LimiterKind.AGENT])
def test_a_narrowing_stops_the_machine_and_not_what_a_person_approved(kind: LimiterKind) -> None:
    for tier in (Tier.PROPOSE, None):
        assert judged(under(kind, tier)) is Stop.NARROWED
        assert judged(under(kind, tier), by_person=True) is None


def test_a_lower_level_or_a_failing_policy_stops_the_machine() -> None:
    for narrower in (inputs(level=Level.L0), inputs(policy=Tier.PROPOSE), inputs(policy_available=False)):
        assert judged(narrower) is Stop.NARROWED
        assert judged(narrower, by_person=True) is None


def test_a_type_that_is_always_for_people_now_stops_the_machine_and_not_what_a_person_approved() -> None:
    assert judged(inputs(human_required=True)) is Stop.NARROWED
    assert judged(inputs(human_required=True), by_person=True) is None


@pytest.mark.parametrize("over", Over)
def test_a_standing_that_fell_is_a_red_sign_whatever_it_fell_over(over: Over) -> None:
    fallen = inputs(standing=Tier.PROPOSE, standing_hold=Hold(over))
    assert judged(fallen) is Stop.RED
    assert judged(fallen, by_person=True) is None


def test_red_evidence_stops_the_machine_and_amber_does_not() -> None:
    given = inputs()
    kinds = given.required_evidence | {Kind.CONTRACT}
    for signal, stop in ((Signal.RED, Stop.RED), (Signal.AMBER, None), (Signal.UNKNOWN, None)):
        coloured = replace(given, required_evidence=kinds, signals={**given.signals, Kind.CONTRACT: signal})
        assert judged(coloured) is stop
        assert judged(coloured, by_person=True) is None


def test_evidence_that_a_checkpoint_does_not_read_again_stops_nothing() -> None:
    unread = replace(inputs(), facts=None)
    assert authority(decide(unread)) is authority(decide(inputs()))
    assert judged(unread) is None


def test_inputs_that_cannot_be_judged_stop_the_machine() -> None:
    assert judged(replace(inputs(), limiters=None)) is Stop.NARROWED  # type: ignore[arg-type]


def test_every_stop_has_one_sentence_that_says_what_to_do() -> None:
    assert set(STOPS) == set(Stop)
    assert all(sentence.endswith("Stop, and report what was done.") for sentence in STOPS.values())
