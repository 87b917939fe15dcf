""" "This screen lacks a fact": a reviewer says it in closed words, the council answers everybody who said the same."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from governance.problems import Problem
from reviews import lacking
from reviews.lack import answer_lacks, tell_lack
from reviews.models import Lack, LackKind
from tests.reviews.racers import race_to_the_end
from tests.reviews.scene import Scene, entries, refused
from tests.support.fixtures import Committed
from tests.web.reading import visitor, words


def test_a_reviewer_tells_it_on_the_case_and_reads_the_answer_there(scene: Scene) -> None:
    case, ada, mary = scene.case(), visitor(scene.cast.ada), visitor(scene.cast.mary)
    assert f'href="/escalations/{case.pk}/lacks/"' in ada.get(f"/escalations/{case.pk}/").content.decode()
    form = words(ada.get(f"/escalations/{case.pk}/lacks/"))
    assert "A fact that I need is not there" in form
    assert "Order id" in form
    sent = {"kind": "missing", "field": "order_id"}
    assert ada.post(f"/escalations/{case.pk}/lacks/tell/", sent)["Location"] == f"/escalations/{case.pk}/"
    told = Lack.objects.get()
    assert entries("lack_told") == [
        {"lack": told.pk, "escalation": str(case.pk), "kind": "missing", "field": "order_id"}
    ]
    assert "A fact that I need is not there: Order id" in words(mary.get("/lacks/"))
    given = {"type": case.action_type_id, "kind": "missing", "field": "order_id", "answer": "elsewhere"}
    assert mary.post("/lacks/answer/", given)["Location"] == "/lacks/"
    assert entries("lacks_answered") == [{"lacks": [told.pk], "answer": "elsewhere"}]
    assert "It stands elsewhere on the screen" in words(ada.get(f"/escalations/{case.pk}/lacks/"))
    assert "Nobody says that a screen lacks a fact." in words(mary.get("/lacks/"))


def test_what_several_say_is_one_line_with_how_often_and_one_answer(scene: Scene) -> None:
    first, second = scene.case(order="W1"), scene.case(order="W2")
    for case, who, kind in ((first, "ada", "stale"), (first, "grace", "stale"), (second, "ada", "stale")):
        tell_lack(case.pk, reviewer=getattr(scene.cast, who), kind=kind)
    tell_lack(second.pk, reviewer=scene.cast.ada, kind="unclear", field="amount")
    most, other = lacking.read().wanted
    assert (most.kind, most.count, most.reviewers, most.case) == ("stale", 3, 2, second.pk)
    assert (other.kind, other.name, other.count) == ("unclear", "amount", 1)
    answer = partial(answer_lacks, first.action_type_id, kind="stale", field="", answer="changed", by=scene.cast.mary)
    assert answer() == 3
    assert [each.kind for each in lacking.read().wanted] == ["unclear"]
    assert len(lacking.read().answered) == 3
    with pytest.raises(Problem) as problem:
        answer()
    assert refused(problem) == "wrong_state"
    tell_lack(second.pk, reviewer=scene.cast.grace, kind="stale")
    assert lacking.read().wanted[0].count == 1, "what is said after the answer is open again"


@pytest.mark.parametrize(("kind", "field"), [("nonsense", ""), ("", ""), ("missing", "no_such"), ("missing", "VIP!")])
def test_only_closed_words_are_taken(scene: Scene, kind: str, field: str) -> None:
    with pytest.raises(Problem) as problem:
        tell_lack(scene.case().pk, reviewer=scene.cast.ada, kind=kind, field=field)
    assert refused(problem) == "invalid"


def test_who_may_tell_and_who_may_answer(scene: Scene) -> None:
    case = scene.case()
    with pytest.raises(Problem) as problem:
        tell_lack(case.pk, reviewer=scene.cast.mary, kind="missing")
    assert refused(problem) == "forbidden"
    tell_lack(case.pk, reviewer=scene.cast.ada, kind="missing")
    with pytest.raises(Problem) as problem:
        tell_lack(case.pk, reviewer=scene.cast.ada, kind="missing")
    assert refused(problem) == "wrong_state"
    answer = partial(answer_lacks, case.action_type_id, kind="missing", field="")
    with pytest.raises(Problem) as problem:
        answer(answer="changed", by=scene.cast.ada)
    assert refused(problem) == "forbidden"
    with pytest.raises(Problem) as problem:
        answer(answer="nonsense", by=scene.cast.mary)
    assert refused(problem) == "invalid"
    with pytest.raises(Problem) as problem:
        tell_lack(UUID(int=1), reviewer=scene.cast.ada, kind="missing")
    assert refused(problem) == "not_found"


def test_an_answer_is_given_once_and_nothing_else_ever_changes(scene: Scene) -> None:
    told = tell_lack(scene.case().pk, reviewer=scene.cast.ada, kind="missing")
    statements = ["update reviews_lack set kind = 'stale'", "update reviews_lack set told_at = now()"]
    for statement in (*statements, "delete from reviews_lack"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    kind = told.action_type_id
    answer_lacks(kind, kind="missing", field="", answer="changed", by=scene.cast.mary)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update reviews_lack set answer = 'elsewhere'")


def test_the_database_takes_none_without_its_ledger_entry(committed_scene: Scene, committed: Committed) -> None:
    case = committed_scene.case()
    with committed.connect() as app, pytest.raises(psycopg.Error) as error:
        app.execute(
            b"insert into reviews_lack (escalation_id, action_type_id, reviewer_id, kind, field, told_at, answer)"
            b" select id, action_type_id, %s, 'missing', '', now(), '' from reviews_escalation where id = %s",
            [committed_scene.cast.ada.pk, case.pk],
        )
    assert error.value.sqlstate == "PL011"


def test_a_reviewer_in_many_windows_says_each_thing_once(committed_scene: Scene) -> None:
    case = committed_scene.case()
    outcomes = race_to_the_end("missers", processes=2, threads=4, name="ada", case=str(case.pk))
    assert [outcomes[f"told {turn}"] for turn in range(len(LackKind.values))] == [1] * len(LackKind.values)
    assert outcomes["wrong_state"] == 7 * len(LackKind.values)
    assert Lack.objects.count() == len(entries("lack_told")) == len(LackKind.values)
