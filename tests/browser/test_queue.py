"""An open queue: news arrives by itself, and nothing moves under whoever looks at it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from governance import halt
from reviews import handover
from reviews.models import Handover
from tests.browser.console import Console
from tests.cast import BY

pytestmark = pytest.mark.browser


def held(page: Page) -> list[str]:
    """The links of the rows in their order."""
    found: list[str] = page.eval_on_selector_all("[data-row]", "rows => rows.map(row => row.id)")
    return found


def test_rows_stay_where_they_are_while_news_is_told(console: Console) -> None:
    scene = console.scene
    first, second = scene.case("490.00", order="W1"), scene.case("10.00", order="W2")
    page = console.open(scene.cast.ada, "/queue/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    before = held(page)
    assert before == [f"case-{first.pk}", f"case-{second.pk}"]
    urgent = scene.case("600.00", order="W3")
    expect(page.locator("#newer.some")).to_contain_text("New cases: 1")
    scene.take(first, scene.cast.grace)
    expect(page.locator("tbody tr").first).to_contain_text("grace")
    scene.approve(first, scene.cast.grace)
    expect(page.locator("tbody tr").first).to_contain_text("no longer open")
    assert held(page) == before
    assert page.evaluate("document.activeElement.id") == f"case-{second.pk}"
    page.keyboard.press(".")
    expect(page.locator("[data-row]").first).to_have_attribute("id", f"case-{urgent.pk}")
    assert held(page) == [f"case-{urgent.pk}", f"case-{second.pk}"]


def test_a_queue_nobody_looks_at_is_put_in_order_by_itself(console: Console) -> None:
    first = console.scene.case("490.00", order="W1")
    page = console.open(console.scene.cast.ada, "/queue/")
    urgent = console.scene.case("600.00", order="W2")
    expect(page.locator("[data-row]").first).to_have_attribute("id", f"case-{urgent.pk}")
    assert held(page) == [f"case-{urgent.pk}", f"case-{first.pk}"]
    expect(page.locator("#announcer")).to_have_text("2 open cases")


def test_a_poll_of_an_unchanged_queue_is_answered_304_and_none_comes_from_a_hidden_page(console: Console) -> None:
    console.scene.case()
    page = console.open(console.scene.cast.ada, "/queue/")
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true") as polled:
        page.mouse.move(5, 5)
    assert polled.value.status == 304
    asked: list[str] = []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []


def test_a_case_is_skipped_and_handed_over_with_the_keyboard_alone(console: Console) -> None:
    scene = console.scene
    first, second = scene.case("490.00", order="W1"), scene.case("10.00", order="W2")
    page = console.case(first)
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert not Handover.objects.exists(), "there is no skipping without a reason"
    page.get_by_label("Why").select_option("interrupted")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/escalations/{second.pk}/")
    expect(page.get_by_text("The case is left to the others for half an hour.")).to_be_visible()
    for key in ("t", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund $10.00 of $900.00 paid")
    page.keyboard.press("h")
    page.get_by_label("Why").select_option("knows_better")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/")
    assert [(each.kind, each.to and each.to.username) for each in Handover.objects.order_by("pk")] == [
        ("skip", None),
        ("person", "grace"),
    ]


def test_the_next_case_comes_with_the_verdict_without_another_request(console: Console) -> None:
    scene = console.scene
    first, second = scene.take(scene.case("490.00", order="W1")), scene.case("10.00", order="W2")
    page = console.open(scene.cast.ada, "/preferences/")
    page.get_by_label("Take the next case and show it").check()
    page.get_by_role("button", name="Keep for this browser").click()
    page.goto(f"{console.address}/escalations/{first.pk}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url.removeprefix(console.address)}"))
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/escalations/{second.pk}/")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    asked = [each for each in asked if not each.startswith("GET /static/")]  # a browser may fetch the icon anew
    assert asked == [f"POST /escalations/{first.pk}/approve/"]


def test_handing_on_and_filtering_work_without_scripts(console: Console) -> None:
    case = console.scene.take(console.scene.case())
    page = console.case(case, java_script_enabled=False)
    page.get_by_text("Hand it on, or leave it to the others").click()
    page.get_by_label("Why").select_option("needs_authority")
    page.get_by_role("button", name="Up a rank").click()
    expect(page.get_by_text("The case now needs a higher rank.")).to_be_visible()
    page.goto(f"{console.address}/queue/")
    page.get_by_label("Rank").select_option("2")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    assert "rank=2" in page.url
    handover.skip(case.pk, reviewer=console.scene.cast.ada, reason="interest")
    page.reload()
    expect(page.get_by_text("No open case matches these filters.")).to_be_visible()


def test_a_halt_is_told_in_a_queue_that_somebody_looks_at(console: Console) -> None:
    console.scene.case()
    page = console.open(console.scene.cast.ada, "/queue/")
    page.keyboard.press("j")
    declared = halt.halt("agent", str(console.scene.cast.refunder.pk), reason="A wrong key.", by=BY)
    expect(page.get_by_text("A halt is in force:")).to_be_visible()
    page.keyboard.press("j")
    halt.lift(declared, by=BY, recovery=0)
    expect(page.get_by_text("A halt is in force:")).to_have_count(0)
