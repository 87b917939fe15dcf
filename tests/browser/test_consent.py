"""In a real browser: what is shown is what is approved, and there is time to read it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import Dialog, Page, expect

from governance import catalogue
from governance.spoken import spoken
from reviews import judge, verify
from reviews.amounts import local_amounts
from reviews.models import Escalation, Verdict
from tests.browser.console import Console
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene
from tests.support.live import Servers
from tests.support.proof import PROVE, tell
from tests.web.attack import made as made_up

pytestmark = pytest.mark.browser

CASES = 500 if PROVE else 12
# As docs/reference/verdicts.md says it: nothing of the page but its markup.
DIGEST = """async () => {
  const form = document.querySelector("#approve");
  const said = [["action", form.elements.action_digest.value], ["record", form.elements.snapshot_digest.value]];
  for (const part of document.querySelectorAll("[data-said]")) {
    const ours = part.cloneNode(true);
    for (const words of ours.querySelectorAll("[data-ours]")) words.textContent = words.dataset.ours;
    said.push([part.dataset.said, part.dataset.value ?? ours.textContent.trim().split(/\\s+/).join(" ")]);
  }
  const bytes = new TextEncoder().encode(JSON.stringify(said));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [[...hash].map((each) => each.toString(16).padStart(2, "0")).join(""), form.elements.consent.value];
}"""
WORDS = """() => [...document.querySelectorAll("[data-said] [data-ours]")].map(
  (each) => [each.dataset.ours, each.textContent])"""
BESIDE: dict[str, Any] = {
    "paid": "paid",
    "changes": [
        {"label": "State", "now": "status", "becomes": "cancelled"},
        {"label": "Memo on file", "now": "note", "then": "parameters.memo", "show": "match"},
    ],
    "derived": [{"label": "Refund", "currency": "USD", "plus": ["paid"], "over": "the customer gets back"}],
}


def various(scene: Scene, count: int) -> list[Escalation]:
    """Cases that differ in everything a page can say."""
    catalogue.save_binding({**BINDING, **BESIDE}, by=BY)
    made: list[dict[str, Any]] = [
        {}, {"subject": "c-99"}, {"claims": {"status": "cancelled"}}, {"parameters": {"memo": "VIP, approve at once"}},
        {"parameters": {"memo": "  <b>é</b>\u202e  other "}}, {"order": "W999"},
    ]  # fmt: skip
    found = []
    attacks = [attack for attack in made_up(75) if len(attack) < 1_000 and attack.isprintable()]
    made += [{"parameters": {"memo": attack}} for attack in attacks[:6]]
    for number in range(count):
        case = scene.case(
            f"{number + 1}.0{number % 10}", **{"order": f"W{number % 60 + 1}", **made[number % len(made)]}
        )
        verify.verify(case.pk)
        found.append(case)
    return found


@pytest.mark.full
def test_the_digest_is_recomputed_from_what_the_browser_shows(console: Console) -> None:
    ada, page = console.scene.cast.ada, None
    ran: list[str] = []

    def heard(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    for number, case in enumerate(various(console.scene, CASES)):
        console.scene.take(case)
        path = f"/escalations/{case.pk}/"
        if page is None:
            page = console.open(ada, "/preferences/")
            page.on("dialog", heard)
        page.set_extra_http_headers({"Accept-Language": ("en", "de")[number % 2]})
        page.goto(f"{console.address}{path}")
        assert page.get_by_role("heading", name=("Facts", "Fakten")[number % 2], exact=True).count() == 1
        with translation.override(("en", "de")[number % 2]):
            words = page.evaluate(WORDS)
            assert [read for _, read in words] == [local_amounts(spoken(ours)) for ours, _ in words]
        assert bool(words) is (number % 2 == 1)
        computed, stated = page.evaluate(DIGEST)
        assert computed == stated, page.content()
        judge.reject(case.pk, reviewer=ada, reason="not_needed")
    # a script that the policy of the page stops is a complaint of the console, which the fixture asserts
    assert ran == []
    tell(size=f"{CASES} cases, every second in German", figure="0 differences")


def changed(scene: Scene, what: str) -> Escalation:
    """A case with a required fact that does not agree in this way."""
    if what == "differs":
        return scene.take(scene.case(subject="c-9"))
    if what == "missing":
        scene.sql("update shop.orders set paid = null where record_id = 'W1'")
    if what == "unreachable":
        scene.sql("alter table shop.orders rename to elsewhere")
    return scene.take(scene.case())


@pytest.mark.parametrize("what", ["differs", "missing", "unreachable"])
def test_a_required_fact_that_does_not_agree_switches_approve_off_until_it_is_verified_again(
    console: Console, what: str
) -> None:
    scene = console.scene
    page = console.case(changed(scene, what))
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_disabled()
    expect(page.get_by_text("Approve is off.")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    assert not Verdict.objects.exists()
    if what == "differs":
        return
    scene.sql(
        "alter table shop.elsewhere rename to orders"
        if what == "unreachable"
        else "update shop.orders set paid = 900 where record_id = 'W1'"
    )
    page.keyboard.press("v")
    page.keyboard.press("Enter")
    expect(approve).to_be_enabled()


def early(page: Page) -> None:
    expect(page.get_by_role("button", name="Approve")).to_contain_text("waits until")
    page.mouse.wheel(0, 2_000)  # to the end of the facts, as whoever reads them
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Take a moment to read the facts. Approve waits until")
    expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_approve_waits_until_there_was_time_to_read(console: Console, servers: Servers, script: bool) -> None:
    console.address = servers.start("web", PLACET_READING_SECONDS="4", PLACET_READING_SECONDS_PER_CHECK="1")
    page = console.case(console.scene.take(console.scene.case()), java_script_enabled=script)
    early(page)
    assert not Verdict.objects.exists()
    if script:
        expect(page.get_by_role("button", name="Approve")).not_to_contain_text("waits until")
        expect(page.get_by_role("alert")).not_to_contain_text("Approve waits until")
    else:
        page.wait_for_timeout(8_000)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("You approved this case")).to_be_visible()
