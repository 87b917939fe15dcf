"""Letters arm, Enter fires."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from reviews import verify
from reviews.models import Escalation, Verdict
from reviews.preferences import THEN_COOKIE
from tests.browser.console import Console
from tests.reviews.scene import Scene, backdate

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    """What the focus is on, by its key, else its tag."""
    found: str = page.evaluate("document.activeElement.dataset.key ?? document.activeElement.tagName")
    return found


def focused_name(page: Page) -> str:
    """The text of the label of what the focus is on, if it has one."""
    found: str = page.evaluate("(document.activeElement.labels?.[0]?.innerText ?? '').trim()")
    return found


def taken(scene: Scene, **more: str) -> Escalation:
    return scene.take(scene.case(**more))


def test_a_case_is_approved_from_the_queue_with_the_keyboard_alone(console: Console) -> None:
    console.scene.case()
    page = console.open(console.scene.cast.ada, "/queue/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take this case")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund $480.00 of $900.00 paid")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("a")
    assert focused(page) == "a"
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Enter")
    assert not Verdict.objects.exists(), "a letter alone decides nothing, and Esc disarms"
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You approved this case")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert Verdict.objects.get().approve
    page.keyboard.press("w")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    assert Verdict.objects.get().withdrawn_at is not None


def test_a_number_chooses_the_reason_and_arms_reject(console: Console) -> None:
    page = console.case(taken(console.scene))
    page.set_viewport_size({"width": 1280, "height": 500})
    for choice in ("Approve", "Reject"):
        expect(page.get_by_role("button", name=choice)).to_be_in_viewport(ratio=1)
    page.keyboard.press("4")
    assert focused(page) == "r"
    expect(page.get_by_label("Too much for this customer or agent")).to_be_checked()
    expect(page.get_by_role("button", name="Reject")).to_contain_text("Too much for this customer or agent")
    expect(page.get_by_role("button", name="Reject")).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0, "what somebody reads stays where it is"
    assert not Verdict.objects.exists()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You rejected this case")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Withdraw")).to_be_in_viewport(ratio=1)
    assert Verdict.objects.get().reject_reason == "over_limit"


def test_reject_says_what_the_mouse_chose_and_the_next_case_begins_without_a_reason(console: Console) -> None:
    first, second = taken(console.scene), console.scene.case("410.00", order="W2")
    page = console.case(first)
    page.context.add_cookies([{"name": THEN_COOKIE, "value": "next", "url": console.address}])
    reject = page.get_by_role("button", name="Reject")
    for reason in ("Our policy does not allow it", "The action is not needed"):
        page.get_by_label(reason).check()
        expect(reject).to_contain_text(reason)
    reject.click()
    page.wait_for_url(f"**/{second.pk}/")
    expect(reject).not_to_contain_text("The action is not needed")
    expect(page.get_by_label("The action is not needed")).not_to_be_checked()


def test_reject_without_a_reason_asks_for_one(console: Console) -> None:
    page = console.case(taken(console.scene))
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.name") == "reason"
    assert not Verdict.objects.exists()


def test_letters_are_dead_with_modifiers_in_fields_and_when_switched_off(console: Console) -> None:
    page = console.case(taken(console.scene))
    for chord in ("Control+a", "Alt+a", "Meta+r"):
        page.keyboard.press(chord)
        assert focused(page) == "H1"
    page.goto(f"{console.address}/queue/")
    page.focus("#type")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert page.url.endswith("/queue/")
    page.goto(f"{console.address}/preferences/")
    page.get_by_label("Off: every key does what the browser does").check()
    page.get_by_role("button", name="Keep", exact=True).click()
    page.goto(f"{console.address}/escalations/{Escalation.objects.get().pk}/")
    page.keyboard.press("a")
    assert focused(page) == "H1"
    expect(page.locator("kbd.hint").first).to_be_hidden()


def test_a_held_enter_presses_nothing_twice(console: Console) -> None:
    page = console.case(taken(console.scene))
    page.keyboard.press("a")
    page.keyboard.down("Enter")
    for _ in range(5):
        page.keyboard.down("Enter")
        page.keyboard.press("w")
        page.keyboard.down("Enter")
    expect(page.get_by_text("You approved this case")).to_be_visible()
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert Verdict.objects.get().withdrawn_at is None


def test_g_and_a_letter_lead_to_the_other_pages(console: Console) -> None:
    page = console.open(console.scene.cast.ada, "/queue/")
    for letter, path in (("s", "/spot-reviews/"), ("a", "/agents/"), ("q", "/queue/")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(f"{console.address}{path}")


@pytest.mark.parametrize("path", ["/queue/", "/preferences/", None], ids=["queue", "preferences", "case"])
def test_the_keys_are_told_over_every_page_without_leaving_it(console: Console, path: str | None) -> None:
    path = path or f"/escalations/{taken(console.scene).pk}/"
    page = console.open(console.scene.cast.ada, path, viewport={"width": 390, "height": 600})
    sheet = page.get_by_role("dialog", name="Keys")
    expect(page.locator('[data-key="?"]')).to_have_count(1)
    page.keyboard.press("?")
    expect(sheet).to_contain_text("Choose a reason and Reject with it")
    expect(sheet).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert page.url == f"{console.address}{path}"


def test_no_key_reaches_what_lies_behind_the_sheet(console: Console) -> None:
    page = console.case(taken(console.scene))
    page.keyboard.press("a")
    for key in ("?", "a", "Enter", "4", "Enter", " ", "t"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.wait_for_timeout(500)
    assert not Verdict.objects.exists()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You approved this case")).to_be_visible()


def test_a_reason_typed_for_one_case_is_not_that_of_the_next(console: Console) -> None:
    first, second = taken(console.scene), console.scene.case("410.00", order="W2")
    page = console.case(first)
    page.context.add_cookies([{"name": THEN_COOKIE, "value": "next", "url": console.address}])
    held: list[Route] = []
    page.route("**/reject/", lambda route: held.append(route))
    for pressed in ("4", "Enter", "4"):
        page.keyboard.press(pressed)
    for _ in range(100):
        page.wait_for_timeout(100)
        if held:
            break
    page.keyboard.press("4")
    held[0].continue_()
    page.wait_for_url(f"**/{second.pk}/")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_label("Too much for this customer or agent")).not_to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert Verdict.objects.count() == 1


def test_a_first_letter_that_nothing_follows_is_forgotten(console: Console) -> None:
    page = console.case(taken(console.scene))
    page.keyboard.press("g")
    page.wait_for_timeout(1_700)
    page.keyboard.press("a")
    assert focused(page) == "a"


def test_escape_leaves_nobody_without_a_place(console: Console) -> None:
    page = console.open(console.scene.cast.ada, "/queue/")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_a_case_that_is_opened_next_is_where_the_focus_is(console: Console, script: bool) -> None:
    console.scene.case(order="W2")
    page = console.case(taken(console.scene), java_script_enabled=script)
    page.get_by_label("The action is not needed").check()
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("link", name="Next case").click()
    expect(page.get_by_role("button", name="Take this case")).to_be_visible()
    assert page.locator("h1:focus").count() == 1


def test_twenty_cases_are_decided_without_the_mouse(console: Console) -> None:
    for number in range(20):
        console.scene.case(f"{10 + number}.00")
    page = console.open(console.scene.cast.ada, "/preferences/")
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused_name(page) == "Stay with the case":
            break
    page.keyboard.press("ArrowDown")
    assert focused_name(page) == "Take the next case and show it"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(f"{console.address}/queue/")
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Take this case")).to_be_visible()
    page.keyboard.press("t")
    for number in range(20):
        before = page.url
        page.keyboard.press("Enter")
        if number:
            page.wait_for_function("before => location.href !== before", arg=before)
        expect(page.get_by_role("button", name="Approve")).to_be_enabled()
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        for key in ("a",) if number % 2 else ("4", "r"):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert [Verdict.objects.filter(approve=each).count() for each in (True, False)] == [10, 10]
    assert Verdict.objects.values("escalation").distinct().count() == 20


def typed_too_early(console: Console, key: str) -> Page:
    """A case that was just taken; the key was pressed while the take was on its way."""
    page = console.case(console.scene.case())
    held: list[Route] = []
    page.route("**/take/", lambda route: held.append(route))
    for pressed in ("t", "Enter", key):
        page.keyboard.press(pressed)
    for _ in range(100):
        page.wait_for_timeout(100)  # a busy machine may be late with the first request
        if held:
            break
    held[0].continue_()
    return page


def test_a_reason_typed_before_the_case_is_there_is_not_lost(console: Console) -> None:
    page = typed_too_early(console, "4")
    expect(page.get_by_label("Too much for this customer or agent")).to_be_checked()
    assert focused(page) == "r"
    assert not Verdict.objects.exists()


def test_approve_is_never_chosen_before_its_facts_are_there(console: Console) -> None:
    page = typed_too_early(console, "a")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert focused(page) != "a"


def test_a_poll_never_takes_the_place_of_what_was_pressed(console: Console) -> None:
    page = console.case(console.scene.case())
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/take/", lambda route: held.append((route, route.fetch())))
    page.get_by_role("button", name="Take this case").click()
    page.wait_for_timeout(5_000)  # the page asks every two seconds while its record is being read
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()


def test_one_poll_brings_the_time_that_is_left_and_leaves_the_case_where_it_is(console: Console) -> None:
    case = console.scene.case()
    page = console.open(console.scene.cast.ada, f"/escalations/{case.pk}/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("document.getElementById('case').title = 'kept'")
    backdate("update reviews_escalation set deadline = deadline - interval '1 hour' where id = %s", case.pk)
    expect(page.locator("#clock")).to_contain_text("3 h left")
    expect(page.locator("#case")).to_have_attribute("title", "kept")
    with page.expect_response("**/?seen=*") as unchanged:
        pass
    assert unchanged.value.status == 204
    assert all("/?seen=" in url for url in asked), "nothing else on the page asks"


@pytest.mark.parametrize("moves", [True, False], ids=["as new browsers do", "as others do"])
def test_a_poll_leaves_open_what_was_opened_and_the_focus_where_it_is(console: Console, moves: bool) -> None:
    asked: dict[str, Any] = {"amount": "600.00", "run": "one", "agent_reason": "uncertain"}
    case = console.scene.case(**asked, idempotency_key="first")
    page = console.open(console.scene.cast.grace, "/queue/")
    if not moves:
        page.add_init_script("delete Element.prototype.moveBefore")
    page.goto(f"{console.address}/escalations/{case.pk}/")
    limits, more = page.locator("details.why"), page.locator("details", has_text="Give it more time")
    limits.locator("summary").press("Enter")
    how = page.get_by_role("link", name="How this was decided")
    how.focus()
    console.scene.ask(**asked, idempotency_key="second")
    expect(page.get_by_text("The same action was asked 1 more time.")).to_be_visible()
    expect(how).to_be_focused()
    expect(limits).to_have_attribute("open", "")
    more.locator("summary").press("Enter")
    specialist = page.get_by_label("A specialist must look at it")
    specialist.check()
    verify.verify(case.pk)
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund $600.00 of $900.00 paid")
    expect(specialist).to_be_checked()
    expect(specialist).to_be_focused()
    for each in (limits, more):
        expect(each).to_have_attribute("open", "")


def test_a_chosen_reason_outlives_reading_the_record_again(console: Console) -> None:
    page = console.case(taken(console.scene))
    page.keyboard.press("4")
    page.get_by_role("button", name="Verify again").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_label("Too much for this customer or agent")).to_be_checked()


def test_a_case_is_not_handed_over_without_a_reason_and_the_focus_goes_to_it(console: Console) -> None:
    case = taken(console.scene)
    page = console.case(case)
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Why", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="grace")).to_be_visible()


def test_what_was_pressed_is_not_pressed_again_while_its_answer_is_on_its_way(console: Console) -> None:
    page = console.case(taken(console.scene))
    held: list[Route] = []
    for each in ("**/renew/", "**/hand-over/", "**/release/"):
        page.route(each, lambda route: held.append(route))
    more = page.get_by_role("button", name="More time")
    for key in ("m", "Enter", "Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    held.pop().continue_()
    page.wait_for_timeout(500)
    assert held == []
    expect(more).to_be_focused()
    page.get_by_text("Hand it on, or leave it to the others").click()
    page.get_by_label("Why", exact=True).select_option("knows_better")
    page.get_by_role("button", name="Hand over").click()
    for name in ("Hand over", "Up a rank", "Skip"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    held.pop().abort()
    expect(page.get_by_role("button", name="Hand over")).to_be_enabled()
    back = page.get_by_role("button", name="Give the case back")
    back.click()
    expect(back).to_be_disabled()
    held.pop().continue_()
    expect(page.get_by_role("button", name="Take this case")).to_be_visible()
    console.complaints.clear()  # the browser complains about the answer that never came
