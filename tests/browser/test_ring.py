"""An open console that nobody looks at rings by itself, where its person asked for it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews.notify import deliver, rounds
from tests.browser.console import Console

pytestmark = pytest.mark.browser

# What the browser would show, kept instead; the person allows it when they are asked.
_INSTEAD = """
window.rung = [];
window.Notification = class {
  static permission = localStorage.getItem("allowed") ?? "default";
  static async requestPermission() { localStorage.setItem("allowed", "granted"); return (this.permission = "granted"); }
  constructor(title, options) { window.rung.push([title, options.body, options.tag]); }
};
"""


def test_a_hidden_page_rings_once_for_a_case_after_a_click_that_allows_it(console: Console) -> None:
    page = console.open(console.scene.cast.ada, "/preferences/")
    page.add_init_script(_INSTEAD)
    page.clock.install()
    page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/notices/new/" in request.url else None)
    console.scene.case()
    rounds.tell_due()
    deliver.deliver_due()
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.clock.run_for(40_000)
    assert asked == [], "nobody asked for it"
    page.get_by_role("button", name="Let this browser show messages").click()
    expect(page.get_by_role("button", name="Press to stop")).to_be_visible()
    with page.expect_response("**/notices/new/"):
        page.clock.run_for(16_000)
    while not page.evaluate("window.rung.length"):  # a page of ours lets nothing that is injected wait inside it
        page.wait_for_timeout(50)
    ((title, body, _),) = page.evaluate("window.rung")
    assert title == "A case waits for you: Refund"
    assert body.startswith("medium risk, under $1,000.00\nTo be decided by ")
    with page.expect_response("**/notices/new/") as again:
        page.clock.run_for(16_000)
    assert again.value.status == 304
    assert len(page.evaluate("window.rung")) == 1
    page.get_by_role("button", name="Press to stop").click()
    asked.clear()
    page.clock.run_for(40_000)
    assert asked == []
