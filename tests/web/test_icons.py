from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template
from lucide.templatetags import lucide as library

from reviews.templatetags import lucide as ours

ICON = '{% load lucide %}{% lucide "octagon-pause" size=14 aria_hidden="true" %}'


def test_an_icon_is_what_the_library_draws() -> None:
    drawn = Template(ICON).render(Context())
    assert drawn == library.lucide("octagon-pause", size=14, aria_hidden="true")
    assert drawn.startswith('<svg width="14" height="14"')
    assert 'aria-hidden="true"' in drawn


def test_an_icon_is_drawn_once_however_often_a_page_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours.lucide.cache_clear()
    drawn: list[str] = []

    def counted(name: str, **options: Any) -> str:
        drawn.append(name)
        return library.lucide(name, **options)

    monkeypatch.setattr(ours, "draw", counted)
    icon = Template(ICON * 3)
    assert icon.render(Context()) == icon.render(Context())
    assert drawn == ["octagon-pause"]
    ours.lucide.cache_clear()
