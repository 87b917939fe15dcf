from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support import browser as chromium


@pytest.mark.browser
def test_a_real_browser_reaches_the_real_server(page: Page, live: str) -> None:
    answer = page.goto(f"{live}/livez")
    assert answer is not None
    assert answer.status == 200
    assert page.inner_text("body").strip() == "ok"


def test_a_whole_browser_is_taken_where_nothing_lighter_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "FOLDER", tmp_path / "fetched")
    assert chromium.find() is None
    taken = []
    for path in (tmp_path / "chromium", tmp_path / "fetched" / "chromium", tmp_path / "chromium-headless-shell"):
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o755)
        found = chromium.find()
        assert found is not None
        taken.append(found.path == str(path))
    assert taken == [True, True, True]
