from __future__ import annotations

import pytest
from playwright.sync_api import Page


@pytest.mark.browser
def test_a_real_browser_reaches_the_real_server(page: Page, live: str) -> None:
    answer = page.goto(f"{live}/livez")
    assert answer is not None
    assert answer.status == 200
    assert page.inner_text("body").strip() == "ok"
