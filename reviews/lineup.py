"""The actions of a trace as a tree: by the parent spans that agents stated, whatever they stated. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

DEEPEST = 12


def lined_up(spans: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """The place and depth of each (span, parent span), in the order in which a tree is read from top to bottom.

    Whoever names no parent that is here stands at the top, and so does one of every ring: each place comes out once,
    whatever was stated. Depth ends at 12; children keep the order in which they came.
    """
    places: dict[str, int] = {}
    for place, (span, _) in enumerate(spans):
        places.setdefault(span, place)
    below: dict[int, list[int]] = {}
    tops: list[int] = []
    for place, (_, parent) in enumerate(spans):
        above = places.get(parent)
        (tops if above is None or above == place else below.setdefault(above, [])).append(place)
    found: list[tuple[int, int]] = []
    seen: set[int] = set()
    # a ring has no top of its own: its first member is taken for one, after all that hangs below a real one
    for top in (*tops, *range(len(spans))):
        waiting = [(top, 0)]
        while waiting:
            place, depth = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            found.append((place, min(depth, DEEPEST)))
            waiting += [(child, depth + 1) for child in reversed(below.get(place, ()))]
    return found
