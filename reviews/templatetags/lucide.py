"""The icons of the library, each drawn once in a process: it would parse and write its XML for every one on a page."""

from __future__ import annotations

import functools

from django import template
from lucide.templatetags.lucide import lucide as draw

register = template.Library()


@register.simple_tag
@functools.lru_cache(maxsize=256)
def lucide(name: str, *, size: int | None = 24, **attributes: str) -> str:
    """The icon of this name as SVG, `size` pixels wide and high; templates name what is drawn, never people."""
    return draw(name, size=size, **attributes)
