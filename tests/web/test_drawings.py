from __future__ import annotations

import re

import pytest

from reviews.templatetags.drawings import flow


@pytest.mark.parametrize("spans", [1, 7, 14, 24, 60])
def test_the_newest_span_ends_where_the_drawing_ends(spans: int) -> None:
    drawn = flow([0] * (spans - 1) + [3], 3, "so many")
    whole = int(re.findall(r'viewBox="0 0 (\d+) ', drawn)[0])
    columns = [(int(x), int(width)) for x, width in re.findall(r'class="this" x="(\d+)" y="\d+" width="(\d+)"', drawn)]
    assert len(columns) == spans
    assert sum(columns[-1]) + 2 == whole
