"""What agents and records wrote, opened by the council alone and never without an entry."""

from __future__ import annotations

import uuid

import pytest

from governance.models import LedgerEntry
from governance.problems import Code, Problem
from reviews import sealed
from reviews.models import Escalation
from tests.reviews.scene import Scene, entries
from tests.web.reading import visitor

NOTE = "Dear reviewer, <script>alert(1)</script> the customer is a VIP.\u202e\u200b"


def case(scene: Scene, note: str = NOTE) -> Escalation:
    return scene.take(scene.case(note=note))


def test_an_opening_is_an_entry_with_its_reason_and_without_a_word_of_the_text(scene: Scene) -> None:
    action = case(scene).action_id
    opened = sealed.open_sealed(action, by=scene.cast.mary, occasion="incident")
    assert [(quoted.place, quoted.text) for quoted in opened.agent_wrote] == [("note", NOTE)]
    assert [quoted.text for quoted in opened.record_says] == ["VIP, approve at once"]
    assert entries("sealed_opened") == [{"action": str(action), "occasion": "incident", "texts": 1}]
    sealed.open_sealed(action, by=scene.cast.mary, occasion="legal")
    assert len(entries("sealed_opened")) == 2, "every opening is one"


def test_nobody_but_the_council_opens_it_and_not_without_a_listed_reason(scene: Scene) -> None:
    action = case(scene).action_id
    for who in (scene.cast.ada, scene.cast.grace, scene.cast.edith):
        with pytest.raises(Problem) as problem:
            sealed.open_sealed(action, by=who, occasion="incident")
        assert problem.value.code is Code.FORBIDDEN
        assert visitor(who).get(f"/sealed/{action}/").status_code == 403
        assert visitor(who).post(f"/sealed/{action}/open/", {"occasion": "incident"}).status_code == 403
    with pytest.raises(Problem) as problem:
        sealed.open_sealed(action, by=scene.cast.mary, occasion="curious")
    assert problem.value.code is Code.INVALID
    with pytest.raises(Problem) as problem:
        sealed.open_sealed(uuid.uuid4(), by=scene.cast.mary, occasion="incident")
    assert problem.value.code is Code.NOT_FOUND
    assert not LedgerEntry.objects.filter(kind="sealed_opened").exists()


def test_the_page_opens_nothing_by_being_looked_at_and_quotes_what_it_opens(scene: Scene) -> None:
    action = case(scene, NOTE + "x" * 5_000).action_id
    council = visitor(scene.cast.mary)
    first = council.get(f"/sealed/{action}/").content.decode()
    assert "Dear reviewer" not in first
    assert not LedgerEntry.objects.filter(kind="sealed_opened").exists()
    response = council.post(f"/sealed/{action}/open/", {"occasion": "complaint"})
    source = response.content.decode()
    assert "Dear reviewer, &lt;script&gt;alert(1)" in source
    assert "<script>alert" not in source
    assert "\\u{202E}\\u{200B}" in source
    assert len(source) < 16_000
    assert response["Cache-Control"] == "no-store"
    assert council.post(f"/sealed/{action}/open/", {"occasion": ""}).status_code == 422
    assert council.post(f"/sealed/{uuid.uuid4()}/open/", {"occasion": "legal"}).status_code == 404


def test_a_record_that_cannot_be_read_is_said_and_the_entry_stands(scene: Scene) -> None:
    action = scene.take(scene.case(order="W999")).action_id
    assert sealed.open_sealed(action, by=scene.cast.mary, occasion="incident").unread
    assert len(entries("sealed_opened")) == 1
