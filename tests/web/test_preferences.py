"""What a person sets for their own browser."""

from __future__ import annotations

import pytest

from reviews.preferences import COOKIE
from tests.cast import Cast
from tests.web.reading import keys_told, visitor


def test_letters_can_be_switched_off(cast: Cast) -> None:
    client = visitor(cast.mallory)
    assert 'data-keys="on"' in client.get("/preferences/").content.decode()
    assert client.post("/preferences/choose/", {"keys": "off", "theme": "system"})["Location"] == "/preferences/"
    assert 'data-keys="off"' in client.get("/preferences/").content.decode()


def test_light_or_dark_can_be_chosen(cast: Cast) -> None:
    client = visitor(cast.ada)
    assert "data-theme" not in client.get("/queue/").content.decode()
    client.post("/preferences/choose/", {"keys": "on", "theme": "dark"})
    assert 'data-theme="dark"' in client.get("/queue/").content.decode()


@pytest.mark.parametrize("value", ["", "dark", "x.y", '"><script>.on', "dark.off.more"])
def test_a_cookie_of_other_words_means_the_defaults(cast: Cast, value: str) -> None:
    client = visitor(cast.ada)
    client.cookies[COOKIE] = value
    source = client.get("/preferences/").content.decode()
    assert 'data-keys="on"' in source
    assert "<script>." not in source


def test_other_words_keep_what_was_chosen(cast: Cast) -> None:
    client = visitor(cast.ada)
    client.post("/preferences/choose/", {"keys": "off", "theme": "dark"})
    assert client.post("/preferences/choose/", {"keys": "maybe", "theme": "pink"}).status_code == 422
    source = client.get("/preferences/").content.decode()
    assert 'data-keys="off"' in source
    assert 'data-theme="dark"' in source


def test_every_page_lists_every_key(cast: Cast) -> None:
    text = keys_told(visitor(cast.ada).get("/queue/"))
    assert "Letters choose, Enter does; letters for links go at once. A letter alone never decides anything." in text
    assert "1 to 9 Choose a reason and Reject with it" in text


def test_the_cookie_is_kept_from_scripts(cast: Cast) -> None:
    client = visitor(cast.ada)
    client.post("/preferences/choose/", {"keys": "off", "theme": "dark"})
    assert client.cookies[COOKIE]["httponly"]
    assert client.cookies[COOKIE]["samesite"] == "Lax"
