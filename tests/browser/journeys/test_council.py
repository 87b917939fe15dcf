"""The council at its desk: what it founds, widens, binds and opens, and what a second person must confirm."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from governance import documents
from governance.authenticate import Credential, hash_key, identify
from governance.models import BundleState, BundleVersion, Permission, Rate, Scope, Watch
from governance.policy.tiers import Level, Tier
from governance.record import Event
from tests.browser.journeys.conftest import Journey, acts
from tests.browser.journeys.person import Person
from tests.council.test_catalogue import READ
from tests.governance.asking import entries
from tests.governance.policies.rego import children, files
from tests.reviews.gift import GIFT_BINDING, unbound
from tests.reviews.test_policy_decisions import patient
from tests.reviews.test_sealed import NOTE
from tests.web.test_practice_pages import newcomer

__all__ = ["children", "patient"]

pytestmark = [pytest.mark.browser, pytest.mark.full]

DESK = "/council/governance"


@acts("admin:governance_scope_add", "admin:governance_scope_change", "admin:governance_permission_change")
def test_a_scope_is_founded_a_ceiling_and_a_level_are_raised_and_stand_in_the_ledger(journey: Journey) -> None:
    cast = journey.scene.cast
    mary = journey.begins("mary", f"{DESK}/scope/add/")
    mary.fills("Key", "post")
    mary.fills("Name", "Post")
    mary.chooses("Kind", "Project")
    mary.chooses("Parent", "domain service")
    mary.chooses("Ceiling", "PROPOSE")
    mary.saves()
    mary.reads("was added successfully")
    mary.follows("post")
    mary.chooses("Ceiling", "EXECUTE")
    mary.saves()
    mary.reads("was changed successfully")
    assert Scope.objects.get(key="post").ceiling == Tier.EXECUTE
    assert entries(Event.CEILING_WIDENED)[-1]["actor"] == "user:mary"
    held = Permission.objects.get(agent=cast.drafter, action_type=cast.refund)
    mary.goes(f"{DESK}/permission/{held.pk}/change/")
    mary.chooses("Level", "L1 supervised execution")
    mary.saves()
    mary.reads("was changed successfully")
    held.refresh_from_db()
    assert held.level == Level.L1
    mary.goes("/authority/")
    mary.reads("Post")
    mary.goes(f"/agents/{cast.drafter.pk}/")
    mary.reads("L1 supervised execution")


@acts("admin:governance_bundleversion_add", "admin:governance_bundleversion_changelist")
def test_a_policy_is_proposed_by_one_tried_and_activated_by_another(journey: Journey, patient: None) -> None:
    action = journey.scene.running()
    mary = journey.begins("mary", f"{DESK}/bundleversion/add/")
    mary.fills("Text", "".join(f"=== {name}\n{text}\n" for name, text in files("propose").items()))
    mary.saves()
    mary.reads("was added successfully")
    acts_on(mary, "Activate what another member proposed")
    mary.reads("another member")
    assert BundleVersion.objects.get().state == BundleState.PROPOSED
    joan = journey.begins("joan", f"{DESK}/bundleversion/{BundleVersion.objects.get().pk}/change/")
    joan.presses("Decide the last decisions again with it")
    joan.reads("1 get stricter", str(action.pk))
    joan.goes(f"{DESK}/bundleversion/")
    acts_on(joan, "Activate what another member proposed")
    joan.reads("governs now.")
    assert (BundleVersion.objects.get().proposed_by, BundleVersion.objects.get().activated_by) == ("mary", "joan")


@acts("admin:governance_agent_add", "admin:governance_permission_add", "admin:governance_agentkey_add")
def test_an_agent_is_registered_permitted_and_given_a_key_that_is_shown_once(journey: Journey) -> None:
    mary = journey.begins("mary", f"{DESK}/agent/add/")
    mary.fills("Name", "Helper")
    mary.chooses("Owner", "mary")
    mary.chooses("Project", "project refunds")
    mary.fills("Requests per minute", "600")
    mary.saves()
    mary.reads("was added successfully")
    mary.goes(f"{DESK}/permission/add/")
    mary.chooses("Agent", "Helper")
    mary.chooses("Action type", "bench.refund")
    mary.chooses("Level", "L0 draft only")
    mary.saves()
    mary.reads("was added successfully")
    mary.goes(f"{DESK}/agentkey/add/")
    mary.chooses("Agent", "Helper")
    mary.saves()
    mary.reads("This is shown once and stored nowhere.")
    caller = identify(Credential(hash_key(mary.page.locator("code.secret").inner_text())))
    assert caller is not None
    assert caller.name == "Helper"
    mary.follows("I have copied it")
    mary.goes("/agents/")
    mary.follows("Helper")
    mary.reads("L0 draft only")


@acts(
    "admin:governance_mandate_add", "admin:reviews_practised_add", "admin:reviews_rejectreason_add", "escalation-take"
)
def test_a_reviewer_is_given_a_mandate_and_a_reason_to_choose(journey: Journey) -> None:
    person = newcomer()
    case = journey.scene.case("20.00")
    mary = journey.begins("mary", f"{DESK}/mandate/add/")
    mary.chooses("Reviewer", "barbara")
    mary.fills("Rank", "1")
    mary.chooses("Max risk", "medium")
    mary.fills("Money limit", "100.00")
    mary.saves()
    mary.reads("was added successfully")
    mary.goes("/council/reviews/practised/add/")
    mary.chooses("Reviewer", "barbara")
    mary.saves()
    mary.goes("/council/reviews/rejectreason/add/")
    mary.fills("Code", "twice")
    mary.fills("Sentence", "It was asked for twice")
    mary.saves()
    mary.reads("was added successfully")
    barbara = journey.begins(person, f"/escalations/{case.pk}/")
    barbara.presses("Take this case")
    barbara.chooses("It was asked for twice")
    expect(barbara.button("Approve")).to_be_enabled()


@acts(
    "admin:governance_actiontype_add", "admin:governance_actiontype_import", "admin:governance_binding_add",
    "admin:governance_rate_add", "admin:governance_watch_add", "admin:governance_halt_add", "escalation-take",
    "escalation-verify",
)  # fmt: skip
def test_the_catalogue_is_written_and_what_was_asked_for_is_bound(journey: Journey) -> None:
    case = unbound(journey.scene)
    mary = journey.begins("mary", f"{DESK}/actiontype/add/")
    mary.chooses("Domain", "domain service")
    mary.fills("Document", READ)
    mary.saves()
    mary.reads("was added successfully")
    mary.follows("Import a file")
    mary.chooses("Domain", "domain service")
    mary.fills(
        "File",
        f"action_types:\n- {READ.strip().replace('shop.look', 'shop.glance').replace(chr(10), chr(10) + '  ')}\n",
    )
    mary.presses("Import")
    mary.reads("shop.glance")
    mary.goes(f"{DESK}/binding/add/")
    mary.fills("Document", documents.dump(GIFT_BINDING))
    mary.saves()
    mary.reads("was added successfully")
    mary.goes(f"{DESK}/rate/add/")
    mary.chooses("Currency", "EUR")
    mary.fills("Rate", "1.0873")
    mary.saves()
    mary.goes(f"{DESK}/watch/add/")
    mary.chooses("Agent", "Drafter")
    mary.chooses("Tool or connector", "notice")
    mary.saves()
    mary.goes(f"{DESK}/halt/add/")
    mary.chooses("Target", "Agent")
    mary.fills("Name", "Drafter")
    mary.fills("Reason", "odd drafts")
    mary.saves()
    mary.reads("was added successfully")
    assert (Rate.objects.count(), Watch.objects.count()) == (1, 1)
    ada = journey.begins("ada", f"/escalations/{case.pk}/")
    ada.presses("Take this case")
    ada.presses("Verify again")
    ada.sees("Refund $480.00 of $900.00 paid")
    expect(ada.button("Approve")).to_be_enabled()


@acts("sealed-open")
def test_sealed_text_is_opened_by_the_council_alone_and_every_opening_is_in_the_ledger(journey: Journey) -> None:
    action = journey.scene.take(journey.scene.case(note=NOTE)).action_id
    journey.means(403, f"/sealed/{action}/")
    ada = journey.begins("ada", f"/sealed/{action}/")
    ada.has_no("Dear reviewer")
    mary = journey.begins("mary", f"/decisions/{action}/")
    mary.follows("sealed text")
    mary.has_no("Dear reviewer")
    mary.chooses("An incident")
    mary.presses("Open, and write it into the ledger")
    mary.reads("Agents and strangers wrote what follows.", "Dear reviewer, <script>alert(1)</script>")
    assert [entry["occasion"] for entry in entries(Event.SEALED_OPENED)] == ["incident"]


def acts_on(person: Person, action: str) -> None:
    """An action of a list, on its first row."""
    person.page.locator(".action-select").first.check()
    person.chooses("Action", action)
    person.presses("Go")
