"""Practice: made-up cases with a known answer, before the first real one; nothing in it reaches an agent."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_init
from django.utils import translation

from governance import enrol, mandates
from governance.actors import REVIEWER
from governance.models import Action, Budget
from governance.policy.action_types import parse_action_type
from governance.problems import Code, Problem
from reviews import handover, take, turn
from reviews.ability import ability
from reviews.hearing import hear
from reviews.models import Escalation, Notice, PracticeAnswer, Practised, Verdict
from reviews.practice import drills, progress
from reviews.practice.words import LESSONS
from reviews.practise import answer_practice, waive_practice
from tests.cast import BY
from tests.reviews.scene import Scene, entries

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
RIGHT = {"agrees", "unclaimed", "four_eyes"}


@pytest.fixture
def barbara(scene: Scene) -> User:
    """A reviewer on her first day."""
    return hired()


def hired() -> User:
    person = enrol.enrol("barbara", groups=[REVIEWER], by=BY)
    mandates.set_mandate(person, rank=1, money_limit=500_00, by=BY)
    return person


def code_of(problem: pytest.ExceptionInfo[Problem]) -> Code:
    return problem.value.code


def answered(person: User, *, besides: str = "") -> None:
    for key in drills.every():
        if key != besides:
            answer_practice(key, reviewer=person, approve=key in RIGHT)


def results(key: str) -> dict[str, str]:
    facts = drills.read(key, now=NOW).facts
    assert facts is not None
    return {line.label: line.said for line in facts.lines}


# -- the cases -----------------------------------------------------------------------------------


def test_every_practice_case_has_its_lesson_and_fits_the_contract_that_ships() -> None:
    assert {*drills.every()} == {*LESSONS}
    for case in drills.sheet().cases.values():
        document, spec = drills.sheet().specs[case["type"]]
        assert parse_action_type(document) == spec
        assert not isinstance(spec.contract.parse(case["parameters"]), list), case["key"]
        assert not isinstance(spec.claims.parse(case["claims"]), list), case["key"]


def test_the_known_answer_is_to_approve_only_what_the_record_bears_out() -> None:
    for key in drills.every():
        drill = drills.read(key, now=NOW)
        against = (
            [line for line in drill.facts.lines if line.required and line.result != "agrees"] if drill.facts else []
        )
        over = [bar for bar in drill.bars if bar.over]
        assert drill.right is (key in RIGHT) is (not against and not over), key
        assert drills.is_right(key, approve=drill.right)
        assert not drills.is_right(key, approve=not drill.right)


def test_each_practice_case_shows_what_it_is_about() -> None:
    assert results("amount")["Price of these items"] == "differs, required"
    assert results("subject")["Customer of this run"] == "differs, required"
    assert {*results("missing").values()} == {"missing, required", "missing"}
    assert {*results("unreachable").values()} == {"unreachable, required", "unreachable"}
    assert results("payee")["Account of the payee"] == "differs, required"
    assert results("unclaimed")["Customer"] == "not claimed"
    assert next(bar.total_text for bar in drills.read("exposure", now=NOW).bars if bar.over) == "$100,280.00"
    assert drills.read("four_eyes", now=NOW).people == 2


def test_a_lesson_is_told_in_german() -> None:
    with translation.override("de"):
        told = {str(lesson.says) for lesson in LESSONS.values()}
    assert told.isdisjoint({str(lesson.says) for lesson in LESSONS.values()})


# -- before the first real case ------------------------------------------------------------------


def test_a_newcomer_takes_no_real_case_by_any_way(scene: Scene, barbara: User) -> None:
    case = scene.case()
    with pytest.raises(Problem) as problem:
        take.take(case.pk, reviewer=barbara)
    assert code_of(problem) is Code.PRACTICE_FIRST
    assert turn.take_next(reviewer=barbara) is None
    can = ability(case.pk, barbara)
    assert (can.newcomer, can.take_obstacle) == (True, "Finish the practice cases first: real cases come after them.")
    scene.take(case)
    assert hear(case.pk, viewer=scene.cast.ada.pk, everybody=True).able(besides=scene.cast.ada.pk) == ("grace",)
    with pytest.raises(Problem) as problem:
        handover.hand_over(case.pk, reviewer=scene.cast.ada, to="barbara", reason="interest")
    assert problem.value.detail == "They have not finished their practice yet."


def test_the_last_right_answer_opens_real_cases(scene: Scene, barbara: User) -> None:
    answered(barbara, besides="exposure")
    answer_practice("exposure", reviewer=barbara, approve=True)
    with pytest.raises(Problem):
        scene.take(scene.case(), barbara)
    answer_practice("exposure", reviewer=barbara, approve=False)
    assert scene.take(scene.case(order="W2"), barbara).taken_by == barbara
    assert entries("practice_answered")[-2:] == [
        {"case": "exposure", "approve": True, "right": False, "finished": False},
        {"case": "exposure", "approve": False, "right": True, "finished": True},
    ]


def test_a_wrong_answer_comes_again_after_the_others_and_a_right_one_never(scene: Scene, barbara: User) -> None:
    first, second = drills.every()[:2]
    answer_practice(first, reviewer=barbara, approve=False)
    found = progress.read(barbara)
    assert (found.next, found.done, found.count, found.free) == (second, 0, 9, False)
    for key in drills.every()[1:]:
        answer_practice(key, reviewer=barbara, approve=key in RIGHT)
    assert progress.read(barbara).next == first
    answer_practice(first, reviewer=barbara, approve=True)
    found = progress.read(barbara)
    assert (found.next, found.done, found.free, found.waived) == ("", 9, True, False)
    with pytest.raises(Problem) as problem:
        answer_practice(first, reviewer=barbara, approve=True)
    assert code_of(problem) is Code.WRONG_STATE


def test_practice_touches_nothing_but_the_ledger(scene: Scene, barbara: User) -> None:
    def world() -> list[int]:
        return [model.objects.count() for model in (Action, Escalation, Verdict, Notice, Budget)]

    before = world()
    answered(barbara)
    assert world() == before
    assert len(entries("practice_answered")) == len(drills.every())


def test_only_reviewers_practise(scene: Scene) -> None:
    with pytest.raises(Problem) as problem:
        answer_practice("agrees", reviewer=scene.cast.edith, approve=True)
    assert code_of(problem) is Code.FORBIDDEN
    with pytest.raises(Problem) as problem:
        answer_practice("nothing", reviewer=scene.cast.ada, approve=True)
    assert code_of(problem) is Code.NOT_FOUND


# -- the council waives --------------------------------------------------------------------------


def test_the_council_waives_it_for_somebody_else_once(scene: Scene, barbara: User) -> None:
    waived = waive_practice(barbara, by=scene.cast.mary)
    assert (waived.waived_by, entries("practice_waived")[-1]) == ("user:mary", {"person": "barbara"})
    assert scene.take(scene.case(), barbara).taken_by == barbara
    assert progress.read(barbara).waived
    with pytest.raises(Problem) as problem:
        waive_practice(barbara, by=scene.cast.joan)
    assert code_of(problem) is Code.WRONG_STATE


@pytest.mark.parametrize(
    ("who", "of", "code"),
    [("ada", "barbara", Code.FORBIDDEN), ("edith", "barbara", Code.FORBIDDEN), ("mary", "edith", Code.INVALID)],
)
def test_nobody_else_waives_and_only_for_reviewers(scene: Scene, barbara: User, who: str, of: str, code: Code) -> None:
    with pytest.raises(Problem) as problem:
        waive_practice(User.objects.get(username=of), by=getattr(scene.cast, who))
    assert code_of(problem) is code


def test_nobody_waives_their_own_practice(scene: Scene) -> None:
    enrol.change_person(scene.cast.joan, groups=["council", REVIEWER], by=scene.cast.mary)
    with pytest.raises(Problem) as problem:
        waive_practice(scene.cast.joan, by=scene.cast.joan)
    assert code_of(problem) is Code.FORBIDDEN
    assert not Practised.objects.filter(reviewer=scene.cast.joan).exists()


def test_however_often_somebody_guessed_the_page_reads_one_answer_for_each_case(barbara: User) -> None:
    for _ in range(12):
        answer_practice("exposure", reviewer=barbara, approve=True)
    answered(barbara, besides="exposure")
    read: list[PracticeAnswer] = []

    def note(instance: PracticeAnswer, **_: object) -> None:
        read.append(instance)

    post_init.connect(note, sender=PracticeAnswer)
    try:
        found = progress.read(barbara)
    finally:
        post_init.disconnect(note, sender=PracticeAnswer)
    assert (found.next, found.done, len(read)) == ("exposure", found.count - 1, found.count)
