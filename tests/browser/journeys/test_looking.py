"""What is found and read: the queue and its filters, search, agents, decisions, chains of work, how the work stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from governance import halt
from reviews import judge
from tests.browser.journeys.conftest import Journey, acts
from tests.browser.test_pages import acted_together
from tests.cast import BY

pytestmark = [pytest.mark.browser, pytest.mark.full]


@acts("escalation-take")
def test_the_queue_is_filtered_and_a_case_of_it_taken(journey: Journey) -> None:
    scene = journey.scene
    scene.case(order="W1")
    scene.case("600.00", order="W2")
    scene.ask("20.00", kind="shop.refund", order="W3", key=scene.cast.drafter_key)
    ada = journey.begins("ada", "/queue/")
    rows = ada.page.locator("[data-row]")
    expect(rows).to_have_count(3)
    ada.chooses("Risk", "high (1)")
    ada.presses("Filter")
    expect(rows).to_have_count(1)
    assert "risk=" in ada.page.url
    ada.follows("Show all")
    ada.chooses("Only mine")
    ada.presses("Filter")
    ada.reads("No open case matches these filters.")
    ada.goes("/queue/")
    ada.follows("Refund, $480.00")
    ada.presses("Take this case")
    ada.sees("Refund $480.00 of $900.00 paid")
    ada.goes("/queue/?mine=yes")
    expect(rows).to_have_count(1)
    ada.reads("you")


@acts()
def test_an_id_leads_to_its_page_and_one_that_names_nothing_says_so(journey: Journey) -> None:
    case = journey.scene.case()
    ada = journey.begins("ada", "/queue/")
    ada.searches(str(case.pk)[:13])
    ada.sees("Refund, $480.00")
    ada.searches(str(case.action_id))
    ada.reads("The answer was")
    ada.searches("ffffffffff")
    ada.reads("Nothing that you may see has this id.")


@acts()
def test_an_agent_is_looked_into_down_to_a_decision_and_its_chain_of_work(journey: Journey) -> None:
    scene = journey.scene
    scene.running()
    trace = acted_together(scene)["trace"]
    edith = journey.begins("edith", "/agents/")
    edith.follows("Refunder")
    edith.reads("What bounds it", "Levels", "Reviewed error rate", "Last decisions", "Delegations in force")
    edith.goes(trace)
    edith.sees("One chain of work")
    edith.reads("2 actions of 2 agents")
    edith.follows("Drafter")
    edith.reads("Pulled to OBSERVE by mary.")
    edith.page.locator('a[href^="/decisions/"]').first.click()
    edith.reads("The answer was", "The ladder", "What would have to change for execute")
    edith.follows("the whole chain of work")
    edith.sees("One chain of work")
    edith.goes("/health/")
    edith.sees("Health of tools and connectors")


@acts()
def test_whoever_leads_sees_how_the_work_stands_and_follows_it_into_the_queue(journey: Journey) -> None:
    scene = journey.scene
    judge.reject(scene.take(scene.case(order="W1")).pk, reviewer=scene.cast.ada, reason="not_needed")
    scene.case(order="W2")
    halt.halt("agent", str(scene.cast.drafter.pk), reason="Odd drafts.", by=BY)
    mary = journey.begins("mary", "/lead/")
    mary.sees("How the work stands")
    mary.reads("A halt is in force:", "Decided in time", "Open cases", "People", "ada", "Agents that wait for people")
    mary.unfolds("The same as a table")
    mary.reads("Opened", "Closed")
    mary.follows("Refund")
    mary.sees("Queue")
    expect(mary.page.locator("[data-row]")).to_have_count(1)


@acts()
def test_what_would_be_if_a_limit_stood_otherwise_is_asked_and_changes_nothing(journey: Journey) -> None:
    mary = journey.begins("mary", "/authority/")
    mary.follows("What if a limit stood otherwise?")
    mary.chooses("Agent", "Refunder")
    mary.chooses("Action type", "bench.refund")
    mary.presses("Show what stands")
    mary.reads("Filled with what stands now", "execute")
    mary.chooses("Project Refunds", "PROPOSE")
    mary.presses("What if")
    mary.reads("As supposed", "As it stands", "The answer is escalate", "The answer is execute")
