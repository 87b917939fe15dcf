"""The pages of practice: a newcomer is led to them, answers with plain forms, and reads why."""

from __future__ import annotations

import re

from django.contrib.auth.models import User

from governance import enrol
from governance.actors import REVIEWER
from reviews.models import PracticeAnswer, Practised
from reviews.practice import drills
from tests.cast import BY, Cast
from tests.reviews.scene import Scene
from tests.reviews.test_practice import RIGHT
from tests.web.reading import buttons, visitor, words


def newcomer() -> User:
    return enrol.enrol("barbara", groups=[REVIEWER], by=BY)


def test_a_newcomer_is_led_to_practice_from_everywhere(scene: Scene) -> None:
    case = scene.case()
    barbara = visitor(newcomer())
    desk = barbara.get("/")
    assert "Practice comes before your first real case." in words(desk)
    assert 'id="waiting"' not in desk.content.decode()
    assert barbara.get("/queue/next/")["Location"] == "/practice/"
    told = barbara.get(f"/escalations/{case.pk}/")
    assert "Finish the practice cases first: real cases come after them." in words(told)
    assert 'href="/practice/"' in told.content.decode()
    assert "t" not in buttons(told)
    refused = barbara.post(f"/escalations/{case.pk}/take/")
    assert refused.status_code == 403
    assert "Finish the practice cases first" in words(refused)
    assert "Practice comes before" not in words(visitor(scene.cast.ada).get("/"))


def test_practice_is_walked_to_its_end_by_links_and_forms_alone(cast: Cast) -> None:
    person = newcomer()
    barbara = visitor(person)
    assert "0 of 9 answered rightly" in words(barbara.get("/practice/"))
    for place, key in enumerate(drills.every(), 1):
        asked = barbara.get(f"/practice/{key}/?again")
        assert f"Practice case {place} of 9." in words(asked)
        assert {"a", "r"} <= {*buttons(asked)}
        assert str(drills.read(key, now=asked.context["case"].now).lesson.says) not in words(asked)
        answer = barbara.post(
            f"/practice/{key}/answer/", {"verdict": "approve" if key in RIGHT else "reject"}, follow=True
        )
        assert answer.redirect_chain[-1][0] == f"/practice/{key}/"
        assert str(drills.read(key, now=asked.context["case"].now).lesson.says) in words(answer)
        assert {"a", "r"}.isdisjoint(buttons(answer))
    assert "That was the last one: real cases are open to you now." in words(answer)
    assert Practised.objects.get(reviewer=person).waived_by == ""
    assert "You have answered every practice case rightly." in words(barbara.get("/practice/"))
    assert barbara.get("/queue/next/")["Location"] == "/queue/"


def test_what_was_wrong_says_so_and_can_be_answered_again(cast: Cast) -> None:
    barbara = visitor(newcomer())
    told = words(barbara.post("/practice/subject/answer/", {"verdict": "approve"}, follow=True))
    assert "Somebody else's record" in told
    assert "You approved. not right yet" in told
    assert "a" not in buttons(barbara.get("/practice/subject/"))
    assert "a" in buttons(barbara.get("/practice/subject/?again"))


def test_a_case_or_an_answer_that_is_none_changes_nothing(cast: Cast) -> None:
    barbara = visitor(newcomer())
    assert barbara.get("/practice/nothing/").status_code == 404
    assert barbara.post("/practice/nothing/answer/", {"verdict": "reject"}).status_code == 404
    assert barbara.post("/practice/agrees/answer/", {"verdict": "perhaps"}).status_code == 422
    assert not PracticeAnswer.objects.exists()


def test_no_name_of_the_made_up_records_is_printed(cast: Cast) -> None:
    ada = visitor(cast.ada)
    for key in drills.every():
        # a drawn token may spell any short name
        page = re.sub(r'value="\w{64}"', "", ada.get(f"/practice/{key}/").content.decode())
        assert "csrfmiddlewaretoken" in page
        for name in ("Birch", "Dahl", "Elm", "Supplier", "c-900", "f-9001"):
            assert name not in page, (key, name)
