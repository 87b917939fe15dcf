"""Pages speak to a person in their language and their time; agents are answered in English."""

from __future__ import annotations

from governance import halt
from reviews.preferences import COOKIE
from tests.cast import BY, Cast
from tests.reviews.scene import Scene
from tests.web.reading import visitor, words


def test_a_browser_that_asks_for_german_gets_german(cast: Cast) -> None:
    answer = visitor(cast.ada).get("/halts/", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de" dir="ltr"' in answer.content.decode()
    assert answer["Content-Language"] == "de"
    assert "Nichts ist gestoppt." in words(answer)


def test_what_a_person_chose_comes_before_what_the_browser_asks_for(cast: Cast) -> None:
    client = visitor(cast.ada)
    client.post("/preferences/choose/", {"language": "de", "time_zone": "Europe/Berlin"})
    assert "Nichts ist gestoppt." in words(client.get("/halts/", headers={"Accept-Language": "en"}))


def test_the_next_request_of_a_thread_speaks_its_own_language(cast: Cast) -> None:
    visitor(cast.ada).get("/halts/", headers={"Accept-Language": "de"})
    assert "Nothing is halted." in words(visitor(cast.grace).get("/halts/"))


def test_a_cookie_names_only_languages_and_zones_that_there_are(cast: Cast) -> None:
    client = visitor(cast.ada)
    client.cookies[COOKIE] = "dark.on.xx.Mars/Olympus"
    source = client.get("/halts/").content.decode()
    assert '<html lang="en"' in source
    assert 'data-theme="dark"' in source


def test_what_a_person_typed_stays_as_typed_also_where_it_looks_like_a_sentence_of_ours(cast: Cast) -> None:
    halt.halt("project", "refunds", reason="Its prompt is being tested.", by=BY)
    page = words(visitor(cast.ada).get("/halts/", headers={"Accept-Language": "de"}))
    assert "Its prompt is being tested." in page


def test_the_words_of_a_case_are_those_of_the_reader_and_its_names_stay(scene: Scene) -> None:
    case, client = scene.case("480.00"), visitor(scene.cast.ada)
    german = {"Accept-Language": "de"}
    assert "480,00 $ von 1.000,00 $ dieser Kunde, 24 Stunden" in words(client.get("/queue/", headers=german))
    page = words(client.get(f"/escalations/{case.pk}/", headers=german))
    assert "Refunder · Erstattung" in page
    assert "für dieser" not in page
    assert "dieser Kunde): bisher 0,00 $ + 480,00 $ = 480,00 $ von höchstens 1.000,00 $" in page
    taken = client.post(f"/escalations/{case.pk}/take/", headers=german, follow=True)
    assert "Das ist der Datensatz von jemand anderem" in words(taken)


def test_alerts_of_a_halted_project_are_told_in_german(cast: Cast) -> None:
    halt.halt("project", "refunds", reason="x", by=BY)
    page = words(visitor(cast.mary).get("/alerts/", headers={"Accept-Language": "de"}))
    assert "Gestoppt Projekt Refunds" in page
