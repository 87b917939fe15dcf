from __future__ import annotations

from tests.house import mirror


def test_the_mirror_shows_the_house_as_it_is() -> None:
    text = mirror.report()
    assert "modules" in text
    assert "test / code lines" in text


def test_no_module_is_longer_than_300_lines() -> None:
    too_long = [path for path in mirror.modules(mirror.CODE) if len(path.read_text().splitlines()) > 300]
    assert not too_long


def test_nine_tenths_do_not_exceed_the_tenth() -> None:
    assert mirror.tenth([1]) == 1
    assert mirror.tenth(list(range(1, 11))) == 9
