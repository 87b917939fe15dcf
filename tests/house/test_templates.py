from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.services.stack import BASE

# What the content policy would block, or what would let text become markup.
FORBIDDEN = {
    "unescaped text": r"\|\s*safe\b|\{%\s*autoescape\s+off|mark_safe|SafeString\(",
    "inline style": r"\sstyle\s*=|<style\b",
    "inline script": r"<script(?![^>]*\ssrc=)[^>]*>|\son[a-z]+\s*=\s*[\"']|javascript:",
    "code in an htmx attribute": r"\shx-on|hx-vals\s*=\s*[\"']js:|hx-headers\s*=\s*[\"']js:|hx-boost",
    "a trigger filter": r"hx-trigger\s*=\s*[\"'][^\"']*\[",
    "another host": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
}


def _sources() -> Iterator[Path]:
    yield from sorted((BASE / "templates").rglob("*.html"))
    for folder in ("governance", "reviews"):
        yield from sorted((BASE / folder).rglob("*.py"))


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_page_contains(name: str) -> None:
    pattern = re.compile(FORBIDDEN[name], re.IGNORECASE)
    markup_only = name not in ("unescaped text",)
    found = [
        f"{path.relative_to(BASE)}: {match[0]!r}"
        for path in _sources()
        if not (markup_only and path.suffix == ".py")
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("unescaped text", "{{ note|safe }}"),
        ("inline style", '<p style="color: red">'),
        ("inline script", "<script>alert(1)</script>"),
        ("inline script", '<a onclick="x()">'),
        ("code in an htmx attribute", '<a hx-on:click="x()">'),
        ("a trigger filter", '<a hx-trigger="load[1==1]">'),
        ("another host", '<script src="//cdn.example/x.js"></script>'),
    ],
)
def test_the_patterns_catch(name: str, text: str) -> None:
    assert re.search(FORBIDDEN[name], text, re.IGNORECASE)


@pytest.mark.parametrize("text", ['<script src="/static/x.js" defer></script>', '<p class="style">on the road</p>'])
def test_ordinary_markup_passes(text: str) -> None:
    assert not any(re.search(pattern, text, re.IGNORECASE) for pattern in FORBIDDEN.values())


def test_the_title_of_a_page_holds_no_markup() -> None:
    titles = {path: re.search(r"{% block title %}(.*?){% endblock", path.read_text()) for path in _sources()}
    marked = re.compile(r"{% (fact|named|typed|claim|since|clock) ")
    assert not [path for path, title in titles.items() if title and marked.search(title[1])]
    assert sum(title is not None for title in titles.values()) > 20
