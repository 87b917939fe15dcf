"""What a page shows, as a verdict covers it: recomputed from its markup alone, by the encoding of the documentation."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from typing import Any

from tests.web.reading import hidden

_VOID = {"br", "input", "img", "path", "rect", "circle", "line", "polyline", "polygon", "ellipse", "link", "meta"}


class _Said(HTMLParser):
    """(key, text) of every element that has `data-said`."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[list[str]] = []
        self.open: list[tuple[int | None, bool]] = []
        self.fixed: set[int] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named, place = dict(attrs), None
        if "data-said" in named:
            place = len(self.said)
            self.said.append([named["data-said"] or "", named.get("data-value") or ""])
            if "data-value" in named:
                self.fixed.add(place)
        if tag not in _VOID:
            # what is read in another language stands beside what is stated
            self.handle_data(named.get("data-ours") or "")
            self.open.append((place, "data-ours" in named))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if any(ours for _, ours in self.open):
            return
        for place, _ in self.open:
            if place is not None and place not in self.fixed:
                self.said[place][1] += data


def recomputed(response: Any) -> str:
    """The digest of what this page shows."""
    parser = _Said()
    parser.feed(response.content.decode())
    form = hidden(response)
    said = [["action", form["action_digest"]], ["record", form["snapshot_digest"]]]
    said += [[key, " ".join(text.split())] for key, text in parser.said]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
