"""Stopping and lifting with the keyboard alone, with and without scripts: what must work on a bad day."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from governance import policies
from governance.models import Halt, Standing
from reviews.models import Alert
from tests.browser.console import Console
from tests.browser.test_pages import acted_together
from tests.governance.policies.rego import files

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])]
# More stops than any page here has before what is looked for.
STOPS = 120


def reach(page: Page, role: Any, name: str) -> None:
    """Press Tab until this has the focus, as somebody without a mouse would."""
    wanted = page.get_by_role(role, name=name)
    expect(wanted.first).to_be_visible()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if page.locator("*:focus").and_(wanted).count():
            return
    pytest.fail(f"no Tab leads to {role} {name!r}")


def press(page: Page, role: Any, name: str) -> None:
    reach(page, role, name)
    page.keyboard.press("Enter")


def test_a_halt_is_declared_and_lifted(console: Console, scripts: bool) -> None:
    page = console.open(console.scene.cast.mary, "/agents/", java_script_enabled=scripts)
    press(page, "link", "Refunder")
    press(page, "link", "Halt this agent")
    expect(page.get_by_role("heading", level=1)).to_have_text("Halt agent Refunder?")
    reach(page, "textbox", "Why")
    page.keyboard.type("odd refunds")
    press(page, "button", "Halt agent Refunder")
    expect(page.get_by_role("heading", level=1)).to_have_text("Halt of agent Refunder")
    assert Halt.objects.get().reason == "odd refunds"
    press(page, "link", "Lift it")
    reach(page, "radio", "15 minutes")
    press(page, "button", "Lift the halt")
    expect(page.get_by_text("Recovering.")).to_be_visible()
    press(page, "link", "End the recovery")
    press(page, "button", "End the recovery")
    expect(page.get_by_text("Over.")).to_be_visible()
    assert Halt.objects.get().lifted_by == "user:mary"


def test_alerts_are_acknowledged(console: Console, scripts: bool) -> None:
    console.scene.running()
    page = console.open(console.scene.cast.mary, "/alerts/", java_script_enabled=scripts)
    press(page, "button", "Acknowledge Ran by itself at medium risk Refunder Refund")
    expect(page.get_by_text("No alert waits for you.")).to_be_visible()
    assert Alert.objects.get().acknowledged_by == console.scene.cast.mary


def test_an_agent_is_pulled_and_restored(console: Console, scripts: bool) -> None:
    page = console.open(
        console.scene.cast.mary, f"/agents/{console.scene.cast.refunder.pk}/", java_script_enabled=scripts
    )
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if page.locator("summary:focus").count():
            break
    page.keyboard.press("Enter")
    reach(page, "textbox", "Reason")
    page.keyboard.type("odd amounts")
    press(page, "button", "Pull down")
    expect(page.get_by_text("Pulled to PROPOSE by mary.")).to_be_visible()
    press(page, "button", "Restore")
    expect(page.get_by_text("Nothing holds its standing down.")).to_be_visible()
    assert Standing.objects.get().pulled_tier is None


def test_a_bundle_is_tried_on_what_was_decided(console: Console, scripts: bool) -> None:
    version = policies.propose(files("propose"), by=console.scene.cast.joan)
    console.scene.running()
    page = console.open(
        console.scene.cast.mary, f"/council/governance/bundleversion/{version.pk}/change/", java_script_enabled=scripts
    )
    press(page, "button", "Decide the last decisions again with it")
    expect(page.get_by_text("1 get stricter")).to_be_visible()
    press(page, "link", "Back to the version")
    expect(page.get_by_role("button", name="Decide the last decisions again with it")).to_be_visible()


def test_a_chain_is_followed_to_its_decision_and_the_rule_asked_again(console: Console, scripts: bool) -> None:
    console.scene.running()
    paths = acted_together(console.scene)
    page = console.open(console.scene.cast.mary, paths["trace"], java_script_enabled=scripts)
    expect(page.get_by_role("heading", level=1)).to_have_text("One chain of work")
    bound_by = page.locator('a[href^="/decisions/"]').first.inner_text()
    press(page, "link", bound_by)
    expect(page.get_by_text("The answer was")).to_be_visible()
    press(page, "link", "Health")
    expect(page.get_by_role("heading", level=1)).to_have_text("Health of tools and connectors")
    expect(page.get_by_text("records", exact=True)).to_be_visible()
    press(page, "link", "Authority")
    press(page, "link", "What if")
    press(page, "button", "Show what stands")
    expect(page.get_by_text("Filled with what stands now")).to_be_visible()
    press(page, "button", "What if")
    expect(page.get_by_role("heading", name="As supposed")).to_be_visible()
