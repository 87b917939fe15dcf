"""Pages speak to a person in their language and their time; agents are answered in English."""

from __future__ import annotations

from reviews.preferences import COOKIE
from tests.cast import Cast
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
