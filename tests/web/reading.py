"""What a page says to whoever reads it."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import User

from tests.support.clients import SurfaceClient

HTMX = {"HX-Request": "true"}
_TAGS = re.compile(r"<[^>]*>")
_DRAWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9A-Za-z]{32,}\b")
_SHEET = re.compile(r'<div id="keys" .*?</div>', re.DOTALL)


def visitor(user: User | None) -> SurfaceClient:
    """A browser in which this person is signed in; nobody is None."""
    client = SurfaceClient()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def words(response: Any) -> str:
    """The text of a page without its markup, white space collapsed, as a reader sees it.

    The sheet of keys, the same over every page and closed until somebody asks for it, is no part of it.
    """
    return _text(_SHEET.sub("", response.content.decode()))


def keys_told(response: Any) -> str:
    """The text of the sheet of keys."""
    return _text("".join(_SHEET.findall(response.content.decode())))


def _text(source: str) -> str:
    text = html.unescape(_TAGS.sub(" ", source))
    return re.sub(r"\s+([.,:;)])", r"\1", " ".join(text.split()))


def undrawn(text: str) -> str:
    """A text without what is drawn by chance: ids, digests and tokens may spell any short word."""
    return _DRAWN.sub("", text)


class _Buttons(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "button":
            named = dict(attrs)
            self.found[named.get("data-key") or f"button {len(self.found)}"] = named


def buttons(response: Any) -> dict[str, dict[str, str | None]]:
    """Attributes of every button by its key."""
    parser = _Buttons()
    parser.feed(response.content.decode())
    return parser.found


def hidden(response: Any) -> dict[str, str]:
    """The hidden fields of the page, but for the token."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def said(response: Any) -> str:
    """The problem a page states on top."""
    match = re.search(r'role="alert">(.*?)</div>\s*</div>', response.content.decode(), re.DOTALL)
    return "" if match is None else " ".join(html.unescape(_TAGS.sub(" ", match[1])).split())
