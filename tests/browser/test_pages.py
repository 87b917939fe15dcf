"""Every page in every coat: no policy violation, nothing for axe to find, no sideways scrolling, no script needed."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from governance import halt, register, standing
from governance.locks import database_now
from governance.models import Agent, ToolReading
from governance.policy.tiers import Tier
from governance.watch import set_watch
from reviews import judge, sample
from reviews.models import Delivery, Draw, Escalation, Notice, Verdict
from reviews.notify import deliver, rounds
from reviews.practise import answer_practice
from reviews.report import report
from tests.browser.console import Console
from tests.cast import BY
from tests.governance.family import Member, ticket
from tests.reviews.gift import unbound
from tests.reviews.scene import Scene
from tests.support.proof import PROVE
from tests.web.test_trace_page import said

pytestmark = pytest.mark.browser

# Half a megabyte of script, sent to a page only once.
AXE = Axe()


def furnish(scene: Scene) -> dict[str, str]:
    """A case in every state a page can show, draws to judge and judged, by what they are."""
    cast = scene.cast
    shown = {"open": scene.case(order="W1"), "high": scene.case("600.00", order="W2")}
    shown["mine"] = scene.take(scene.case(order="W3"))
    shown["differs"] = scene.take(scene.case(order="W4", subject="c-9"))
    shown["taken"] = scene.take(scene.case(order="W5"), cast.grace)
    shown["unbound"] = scene.take(unbound(scene))
    shown["missing"] = scene.take(scene.case(order="W999"))
    shown["rejected"] = scene.take(scene.case(order="W6"))
    judge.reject(shown["rejected"].pk, reviewer=cast.ada, reason="not_needed")
    shown["approved"] = scene.case(order="W7")
    scene.approve(shown["approved"])
    paths = {name: f"/escalations/{case.pk}/" for name, case in shown.items()}
    for number in range(2):
        report(scene.running().pk, caller=scene.refunder, status="succeeded", latency_ms=90 + number)
    sample.draw_due()
    gateway = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    set_watch(gateway, "connector:records", heartbeat_seconds=60, by=BY)
    now = database_now()
    ToolReading.objects.bulk_create(
        ToolReading(tool="shop.payments", good=False, source="report", read_at=now) for _ in range(9)
    )
    paths |= acted_together(scene) | stopped(scene, gateway)
    answer_practice("payee", reviewer=cast.ada, approve=True)
    rounds.tell_due()
    deliver.deliver_due()
    dead = {"state": "dead", "why": "refused", "attempts": 8, "due_at": now, "ended_at": now}
    Delivery.objects.create(notice=Notice.objects.all()[0], channel="email", **dead)
    return paths | {f"draw {place}": f"/spot-reviews/{draw.pk}/" for place, draw in enumerate(Draw.objects.all())}


def acted_together(scene: Scene) -> dict[str, str]:
    """A trace of two agents, and the pages that lead to it, with a delegation in force and a standing pulled down."""
    cast = scene.cast
    refunder, drafter = Member(cast.refunder, cast.refunder_key), Member(cast.drafter, cast.drafter_key)
    ticket(refunder, drafter)
    first = said(refunder, "first", customer="c-90")
    second = said(drafter, "second", below=first, customer="c-91")
    standing.pull(cast.drafter, tier=Tier.OBSERVE, reason="Odd amounts.", by=cast.mary)
    return {
        "trace": f"/traces/{first.trace_id}/",
        "below": f"/decisions/{second.pk}/",
        "pulled": f"/agents/{cast.drafter.pk}/",
    }


def stopped(scene: Scene, gateway: Agent) -> dict[str, str]:
    """A halt in force while an action runs, and one that recovers."""
    halt.lift(halt.halt("agent", str(gateway.pk), reason="A wrong key.", by=BY), by=BY)
    declared = halt.halt("action_type", "bench.refund", reason="Odd refunds.", by=BY)
    return {"halt": f"/halts/{declared.pk}/", "recovering": f"/halts/{declared.pk - 1}/"}


def everything(scene: Scene, paths: dict[str, str]) -> dict[str, list[str]]:
    """Paths by who looks at them."""
    agent = f"/agents/{scene.cast.refunder.pk}/"
    halting = f"/halts/new/?target=agent&name={scene.cast.refunder.pk}"
    lists = ["/queue/", "/queue/?mine=yes", "/spot-reviews/", "/agents/", agent, "/halts/", halting, "/health/"]
    own = ["/preferences/", "/notices/", "/accounts/2fa/", "/accounts/password/change/", "/accounts/logout/"]
    practice = ["/practice/", "/practice/exposure/", "/practice/payee/"]
    desk = [*practice, "/", "/absences/", "/verdicts/", f"{paths['open']}lacks/", "/search/?q=c-1"]
    return {
        "ada": [*lists, *paths.values(), *own, *desk, "/nothing/"],
        "mary": [
            "/lead/",
            "/lacks/",
            "/authority/",
            "/alerts/",
            "/alerts/?kind=halt",
            "/notices/dead/",
            f"/agents/{scene.cast.drafter.pk}/",
            f"{paths['halt']}release/",
            f"{paths['recovering']}release/",
            f"/what-if/?agent={scene.cast.refunder.pk}&type=shop.refund",
            f"/sealed/{Escalation.objects.earliest('opened_at').action_id}/",
        ],
        "mallory": ["/queue/"],
    }


def sideways(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


def violations(page: Page, *rules: str) -> list[Any]:
    """What axe calls wrong about the page, by all its rules or only some."""
    only: dict[str, Any] = {"runOnly": list(rules)} if rules else {}
    # to follow sheets that import sheets, as Django's do, axe writes inline styles, which the policy refuses
    only["preload"] = "/council/" not in page.url
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE.axe_script)
    found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **only})["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


def too_wide(page: Page) -> list[str]:
    """The widths and directions of writing in which the page scrolls sideways."""
    found = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for direction in ("rtl", "ltr"):
            page.evaluate("to => document.documentElement.dir = to", direction)
            found += [f"{sideways(page)} px sideways at {width} {direction}"] if sideways(page) > 0 else []
    return found


def wrong_with(page: Page, *, dark: bool = True) -> list[Any]:
    """What is wrong in any coat: light by every rule, dark (if wanted) by its colours, wide and narrow both ways."""
    found = too_wide(page)
    return found + coats(page, dark=dark)


def coats(page: Page, *, dark: bool) -> list[Any]:
    """What axe finds in light and, if wanted, in dark."""
    page.emulate_media(color_scheme="light")
    found = violations(page)
    if dark:
        page.emulate_media(color_scheme="dark")
        found += violations(page, "color-contrast", "link-in-text-block")
    return found


@pytest.mark.full
def test_no_page_complains_nor_scrolls_sideways_and_axe_finds_nothing(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    found = everything(console.scene, furnish(console.scene))
    for name, paths in found.items():
        page = console.open(getattr(console.scene.cast, name), "/preferences/")
        for place, path in enumerate(paths):
            page.goto(f"{console.address}{path}")
            # unless proven every third page puts on the dark coat: all are cut from the same few cloths
            assert wrong_with(page, dark=PROVE or place % 3 == 0) == [], path
    assert wrong_with(console.open(None, "/accounts/login/")) == []


def test_a_line_of_the_tree_that_is_too_long_goes_on_below_itself_and_not_at_the_edge(console: Console) -> None:
    path = acted_together(console.scene)["trace"]
    page = console.open(console.scene.cast.ada, path, viewport={"width": 150, "height": 800})
    whom = "[...document.querySelector('.branch .muted').getClientRects()].map(line => line.left)"
    lines, arrow = page.evaluate(f"[{whom}, document.querySelector('.branch svg').getBoundingClientRect().left]")
    assert len(lines) > 1
    assert min(lines) >= arrow


def test_a_violation_of_the_policy_is_a_complaint(console: Console) -> None:
    page = console.open(console.scene.cast.mary, "/preferences/")
    for path in ("/preferences/", "/council/"):
        page.goto(f"{console.address}{path}")
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))"
        )
        page.evaluate("document.body.setAttribute('style', 'color: red')")
        assert page.evaluate("window.ran") is None
        assert len([told for told in console.complaints if "Content Security Policy" in told]) == 2, path
        console.complaints.clear()


def test_without_javascript_a_case_is_taken_rejected_and_withdrawn(console: Console) -> None:
    case = console.scene.case()
    console.scene.cast.ada.set_password("correct horse battery")
    console.scene.cast.ada.save()
    page = console.open(None, f"/escalations/{case.pk}/", java_script_enabled=False)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("correct horse battery")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Take this case").click()
    page.get_by_label("Too much for this customer or agent").check()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("You rejected this case")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    assert Verdict.objects.get().withdrawn_at is not None
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("You approved this case")).to_be_visible()
    page.get_by_role("link", name="Next case").click()
    expect(page.get_by_text("No cases need you.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_open_queue_shows_a_new_case_by_itself_and_rests_while_hidden(console: Console) -> None:
    page = console.open(console.scene.cast.ada, "/queue/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_text("No cases need you.")).to_be_visible()
    console.scene.case()
    expect(page.get_by_role("link", name="Refund, $480.00")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("1 open case")
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    asked.clear()
    page.wait_for_timeout(6_000)
    assert asked == []


def test_the_loser_of_a_race_sees_who_decided(console: Console) -> None:
    case = console.scene.take(console.scene.case())
    page = console.case(case)
    judge.reject(case.pk, reviewer=console.scene.cast.ada, reason="not_needed")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("ada rejected this case at ")
    expect(page.get_by_text("You rejected this case")).to_be_visible()
    assert Escalation.objects.get().state == "rejected"


def test_facts_read_again_meanwhile_come_back_with_the_refusal(console: Console) -> None:
    from reviews import verify

    case = console.scene.take(console.scene.case())
    page = console.case(case)
    console.scene.sql("update shop.orders set paid = 800 where record_id = 'W1'")
    verify.verify(case.pk)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("The facts were read again since you saw them")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund $480.00 of $800.00 paid")
    assert not Verdict.objects.exists()


def test_facts_that_no_longer_hold_block_approve_on_the_open_page_until_they_are_verified_again(
    console: Console,
) -> None:
    page = console.case(console.scene.take(console.scene.case()))
    approve, again = page.locator("#approve button"), page.get_by_role("button", name="Verify again")
    expect(approve).to_be_enabled()
    console.scene.sql("update shop.orders set status = 'returned' where record_id = 'W1'")
    again.click()
    expect(page.locator("#obstacle")).to_contain_text("Approve is off. The system of record differs: State.")
    expect(approve).to_be_disabled()
    console.scene.sql("update shop.orders set status = 'delivered' where record_id = 'W1'")
    again.click()
    expect(page.locator("#obstacle")).to_have_count(0)
    expect(approve).to_be_enabled()
