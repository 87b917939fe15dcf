"""One case as its page shows it, in every state it can be in."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import catalogue, enrol, halt, mandates, permit
from governance.actors import REVIEWER
from governance.models import Agent, Halt, HaltTarget
from governance.policy.tiers import Level, Risk
from governance.problems import Code, Problem
from reviews import dossier, handover, judge, sweep, take, verify, withdraw
from reviews.ability import ability
from reviews.compared import tabled
from reviews.dossier import Phase
from reviews.models import Escalation
from reviews.practise import waive_practice
from reviews.shown import PLAIN
from tests.cast import BY
from tests.reviews.scene import BINDING, REFUND, Scene, backdate, overdue, stated
from tests.web.reading import HTMX, buttons, hidden, undrawn, visitor, words


def page(scene: Scene, case: Escalation, who: str = "ada") -> Any:
    response = visitor(getattr(scene.cast, who)).get(f"/escalations/{case.pk}/")
    assert response.status_code == 200
    return response


def read(scene: Scene, case: Escalation, who: str = "ada") -> dossier.Dossier:
    return dossier.read(case.pk, viewer=getattr(scene.cast, who).pk)


def test_a_case_nobody_took_offers_to_take_it_and_no_verdict(scene: Scene) -> None:
    case = scene.case()
    response = page(scene, case)
    assert "Take this case" in words(response)
    assert set(buttons(response)) & {"a", "r"} == set()
    assert "medium risk · 4 h left, then rejected" in words(response)


def test_looking_at_a_case_changes_nothing(scene: Scene) -> None:
    case = scene.case()
    page(scene, case)
    case.refresh_from_db()
    assert (case.taken_by, case.snapshot) == (None, None)


def test_a_case_costs_as_many_statements_however_many_could_decide_it(scene: Scene) -> None:
    case = scene.take(scene.case())
    page(scene, case)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(scene, case)
        return len(captured)

    before = statements()
    for number in range(4):
        person = enrol.enrol(f"grete{number}", groups=[REVIEWER], by=BY)
        waive_practice(person, by=BY)
        mandates.set_mandate(person, rank=2, money_limit=10**6, max_risk=Risk.HIGH, by=BY)
    assert statements() == before
    assert "grete3" in page(scene, case).content.decode()


def test_while_it_is_checked_it_says_so_and_asks_again(scene: Scene) -> None:
    response = page(scene, scene.case())
    assert "Checking. The record is being read." in words(response)
    assert 'hx-trigger="every 2s"' in response.content.decode()


def test_the_page_reads_from_sentence_to_verdict(scene: Scene) -> None:
    case = scene.take(scene.case())
    text = words(page(scene, case))
    first = "Refund $480.00 of $900.00 paid"
    parts = (first, "Why you are asked", "Facts", "Exactly what would run", "Exposure", "Approve")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_taken_case_offers_both_verdicts_with_equal_weight(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = page(scene, case)
    found = buttons(response)
    assert "disabled" not in found["a"]
    assert "disabled" not in found["r"]
    assert found["a"].get("class") == found["r"].get("class")
    assert "Approve a Refunder may do this once: $480.00" in words(response)
    assert "Reject r it will not run" in words(response)
    assert "Either becomes final 5 seconds after you press it; until then you can withdraw it." in words(response)
    assert "yours for 5 min" in words(response)


def test_the_form_states_what_the_page_showed(scene: Scene) -> None:
    case = scene.take(scene.case())
    assert hidden(page(scene, case)) == stated(case)


def test_reasons_of_the_decision_are_told(scene: Scene) -> None:
    text = words(page(scene, scene.case("600.00", agent_reason="uncertain")))
    assert "The agent says that it is uncertain." in text
    assert "The amount $600.00 is over $500.00, so the risk is high." in text


def test_limits_that_are_several_are_counted_before_they_are_listed(scene: Scene) -> None:
    case = scene.case("600.00", agent_reason="uncertain")
    source = page(scene, case).content.decode()
    assert "limits are below COMMIT, which this action needs" in source
    assert f'<details id="why-{case.pk}" class="why">' in source, "other reasons come first, so the limits stay folded"
    found = read(scene, case)
    assert {why.sentence for why in found.grounds} >= {"The agent says that it is uncertain."}
    assert not set(found.grounds) & set(found.limits)


def test_where_limits_are_all_there_is_they_are_open(scene: Scene) -> None:
    case = scene.case("20.00", kind="shop.express", key=scene.cast.drafter_key)
    assert read(scene, case).grounds == ()
    assert f'<details id="why-{case.pk}" class="why" open>' in page(scene, case).content.decode()


def test_facts_that_differ_come_first_and_agreeing_ones_last(scene: Scene) -> None:
    case = scene.take(scene.case(subject="c-2", claims={"status": "delivered"}))
    table = read(scene, case).facts
    assert table is not None
    results = [(line.name, line.result) for line in table.lines]
    assert results[0] == ("owner", "differs")
    assert {name for name, result in results if result == "agrees"} == {"state", "status", "paid"}
    assert results[-1] == ("memo", "not claimed")


def test_what_nobody_claimed_stands_behind_what_agrees_wherever_the_binding_has_it() -> None:
    common: dict[str, Any] = {"required": False, "show": "value", "source": "records:shop.orders", "recorded": "7"}
    common["read_at"] = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    facts = [
        {"name": "memo", "claimed": None, "result": "unverifiable", **common},
        {"name": "paid", "claimed": "7", "result": "agrees", **common},
        {"name": "state", "claimed": "8", "result": "unverifiable", **common},
    ]
    table = tabled(facts, None, PLAIN)
    assert table is not None
    assert [line.name for line in table.lines] == ["state", "paid", "memo"]


def test_an_equals_sign_stands_beside_equal_values_alone(scene: Scene) -> None:
    case = scene.take(scene.case(claims={"status": "delivered"}))
    table = read(scene, case).facts
    assert table is not None
    marks = {line.name: line.mark for line in table.lines if line.result == "agrees"}
    assert marks == {"owner": "agrees", "state": "in order", "status": "agrees", "paid": "covered"}
    text = words(page(scene, case))
    assert "≤ covered" in text
    # nothing was claimed that it could agree with
    assert "State not stated delivered in order" in text
    german = visitor(scene.cast.ada).get(f"/escalations/{case.pk}/", headers={"Accept-Language": "de"})
    assert "≤ gedeckt" in words(german)


def test_a_difference_turns_approve_off_with_the_reason(scene: Scene) -> None:
    case = scene.take(scene.case(subject="c-2"))
    response = page(scene, case)
    assert "Approve is off. The system of record differs: Owner." in words(response)
    assert "disabled" in buttons(response)["a"]
    assert "disabled" not in buttons(response)["r"]
    assert "Verify again" in words(response)


def test_a_source_that_does_not_answer_is_said(scene: Scene, settings: Any) -> None:
    case = scene.case()
    settings.PLACET_CONNECTORS = {}
    scene.take(case)
    response = page(scene, case)
    assert "Unverified: the system of record does not answer." in words(response)
    assert "disabled" in buttons(response)["a"]
    assert "disabled" not in buttons(response)["r"]


def test_a_record_that_does_not_exist_is_said(scene: Scene) -> None:
    response = page(scene, scene.take(scene.case(order="W999")))
    assert "The system of record has no such record." in words(response)
    assert "disabled" in buttons(response)["a"]


def test_of_an_unbound_type_nothing_was_verified_and_nobody_approves(scene: Scene) -> None:
    document = {
        "key": "desk.write", "class": "act", "risk": "medium", "risk_reason": "Files come back.", "family": "desk",
        "tool": "desk", "parameters": {"file": {"type": "id"}, "body": {"type": "text"}},
        "evidence": ["contract", "completeness"],
    }  # fmt: skip
    written = catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    permit.set_level(Agent.objects.get(pk=scene.cast.refunder.pk), written, level=Level.L2, by=BY)
    case = Escalation.objects.get(pk=_ask_to_write(scene))
    scene.take(case, scene.cast.grace)
    response = page(scene, case, "grace")
    text = words(response)
    assert "No record is bound: nothing was verified. Nobody can approve it." in text
    assert "Body sealed text, 21 characters" in text
    assert "approve" not in text.replace("Nobody can approve it", "").replace("Approve", "")
    assert "disabled" in buttons(response)["a"]
    assert "v" not in buttons(response), "there is nothing to verify again"


def _ask_to_write(scene: Scene) -> uuid.UUID:
    from governance.authenticate import Credential, hash_key
    from reviews.intake import Ask, ask

    body = {"file": "f-1", "body": "VIP, approve it, now!"}
    wish = Ask(
        action_type="desk.write", parameters=body, claims={}, run="r", subject=None, body_hash=b"0" * 32,
        idempotency_key="desk",
    )  # fmt: skip
    return uuid.UUID(ask(Credential(hash_key(scene.cast.refunder_key)), wish).body["escalation"]["id"])


def test_somebody_elses_case_says_who_is_deciding(scene: Scene) -> None:
    case = scene.take(scene.case(), scene.cast.grace)
    response = page(scene, case)
    assert "grace is deciding this case. It is theirs until" in words(response)
    assert set(buttons(response)) & {"a", "r", "t"} == set()


def test_a_held_verdict_can_be_withdrawn_by_whoever_gave_it(scene: Scene) -> None:
    case = scene.case()
    scene.approve(case)
    text = words(page(scene, case))
    assert "You approved this case" in text
    assert "Final in 5 seconds, at " in text
    assert "w" in buttons(page(scene, case))
    assert "ada approved this case" in words(page(scene, case, "grace"))
    assert "w" not in buttons(page(scene, case, "grace"))


def test_a_final_verdict_says_who_what_and_why(scene: Scene, no_hold: None) -> None:
    case = scene.take(scene.case())
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="wrong_subject")
    text = words(page(scene, case, "edith"))
    assert "ada rejected this case" in text
    assert "Reason: This is somebody else's record. This is final." in text


def test_a_case_whose_time_is_up_is_rejected_by_that(scene: Scene) -> None:
    case = scene.case()
    overdue(case)
    assert "Nobody decided in time, which rejects the action." in words(page(scene, case))
    sweep.expire_due()
    assert read(scene, case).phase is Phase.EXPIRED
    assert "Nobody decided in time, which rejects the action." in words(page(scene, case))


def test_a_case_its_agent_withdrew_is_closed(scene: Scene) -> None:
    case = scene.case()
    withdraw.withdraw(case.action_id, caller=scene.refunder)
    response = page(scene, case)
    assert "The agent withdrew this action." in words(response)
    assert set(buttons(response)) & {"a", "r", "t"} == set()


def test_a_superseded_case_leads_to_the_newer_one_and_back(scene: Scene, no_hold: None) -> None:
    grant = scene.approved()
    scene.sql("update shop.orders set customer_id = 'c-9' where record_id = 'W1'")
    with pytest.raises(Problem) as problem:
        scene.redeem(grant)
    assert problem.value.code is Code.RECORD_CHANGED
    old = Escalation.objects.get(state="superseded")
    new = Escalation.objects.get(previous=old)
    assert f'href="/escalations/{new.pk}/"' in page(scene, old).content.decode()
    assert "It lost its ground before it was used" in words(page(scene, old))
    assert f'href="/escalations/{old.pk}/"' in page(scene, new).content.decode()


def test_a_halt_turns_approve_off_and_leaves_reject_on(scene: Scene) -> None:
    case = scene.take(scene.case())
    halt.halt(HaltTarget.AGENT, str(scene.cast.refunder.pk), reason="VIP, approve", by=BY)
    response = page(scene, case)
    text = words(response)
    assert "A halt is in force: agent Refunder. Approve is off until it is lifted. Reject works." in text
    assert "VIP" not in text
    assert "disabled" in buttons(response)["a"]
    assert "disabled" not in buttons(response)["r"]
    halt.lift(Halt.objects.get(), by=BY)
    assert "disabled" not in buttons(page(scene, case))["a"]


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"money_limit": 100_00}, "Your mandate ends at $100.00; this is $480.00."),
        ({"max_risk": Risk.LOW}, "Your mandate ends at low risk; this is medium."),
    ],
)
def test_a_case_outside_the_mandate_can_only_be_rejected(scene: Scene, terms: dict[str, Any], sentence: str) -> None:
    held = {"rank": 1, "money_limit": 500_00, "max_risk": Risk.MEDIUM, **terms}
    mandates.set_mandate(scene.cast.ada, by=BY, **held)
    case = scene.take(scene.case())
    response = page(scene, case)
    assert f"Approve is off. {sentence}" in words(response)
    assert "disabled" not in buttons(response)["r"]


def test_an_owner_does_not_judge_their_own_agent(scene: Scene) -> None:
    backdate("update governance_agent set owner_id = %s where id = %s", scene.cast.grace.pk, scene.cast.refunder.pk)
    response = page(scene, scene.case(), "grace")
    assert "You cannot decide this case. You answer for this agent, so somebody else decides about it." in words(
        response
    )
    assert "t" not in buttons(response)


@pytest.mark.parametrize("who", ["mary", "edith"])
def test_council_and_auditors_read_and_decide_nothing(scene: Scene, who: str) -> None:
    response = page(scene, scene.case(), who)
    assert "Reviewers decide it; you can read it." in words(response)
    assert not set(buttons(response)) & {"a", "r", "t", "v", "w"}
    assert not ability(Escalation.objects.get().pk, getattr(scene.cast, who)).judge


def test_exposure_shows_the_cap_and_what_was_refused_meanwhile(scene: Scene) -> None:
    from governance.problems import Problem as Refused

    for _ in range(2):
        scene.running("480.00", customer="c-9")
    for _ in range(3):
        with pytest.raises((AssertionError, Refused)):
            scene.running("480.00", customer="c-9")
    text = words(page(scene, Escalation.objects.get()))
    assert "For this customer in 24 hours: $960.00 so far + $480.00 = $1,440.00 of at most $1,000.00." in text
    assert "2 further requests over this cap were refused meanwhile, $960.00 in all." in text


def test_exposure_of_an_open_case_is_as_of_now(scene: Scene, no_hold: None) -> None:
    second = scene.case("480.00", order="W1")
    scene.approve(scene.case("470.00", order="W1"))
    bar = read(scene, second).bars[0]
    assert (bar.whose, bar.used_text, bar.adds_text, bar.total_text) == (
        "this customer",
        "$470.00",
        "$480.00",
        "$950.00",
    )


def test_an_amount_nobody_knows_is_not_held_against_caps_on_money(scene: Scene) -> None:
    document = {**REFUND, "key": "shop.recall", "amount": "paid", "family": "shop.recall"}
    recall = catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    catalogue.save_binding({**BINDING, "action_type": "shop.recall"}, by=BY)
    permit.set_level(Agent.objects.get(pk=scene.cast.refunder.pk), recall, level=Level.L2, by=BY)
    case = scene.case(kind="shop.recall")
    unknown = read(scene, case)
    assert (unknown.amount, unknown.amount_known, unknown.bars) == (None, False, ())
    assert "The amount is not known, so nothing can be said about caps on money." in words(page(scene, case))
    known = read(scene, scene.take(case))
    assert (known.amount, known.bars[0].adds_text) == (90_000, "$900.00")


def test_a_hard_cap_is_called_one(scene: Scene) -> None:
    text = words(page(scene, scene.case()))
    assert "a hard cap that no approval passes" in text


def test_history_names_level_tiers_and_the_last_verdicts(scene: Scene, no_hold: None) -> None:
    earlier = scene.take(scene.case(order="W2"))
    judge.reject(earlier.pk, reviewer=scene.cast.ada, reason="not_needed")
    text = words(page(scene, scene.case(order="W1")))
    assert "Effective PROPOSE Required EXECUTE Level L2 monitored autonomy" in text
    assert "Rejected: The action is not needed ada, " in text
    assert "No sample has been reviewed yet." in text


def test_the_subject_appears_nowhere(scene: Scene) -> None:
    scene.sql("update shop.orders set customer_id = 'james_li_5688' where record_id = 'W1'")
    case = scene.take(scene.case(subject="james_li_5688"))
    source = page(scene, case).content.decode()
    assert "james" not in source
    assert "Owner" in source


def test_free_text_of_the_record_appears_nowhere(scene: Scene) -> None:
    case = scene.take(scene.case(parameters={"memo": "please hurry, VIP"}, note="approve"))
    source = undrawn(page(scene, case).content.decode())
    assert "VIP" not in source
    assert "hurry" not in source
    assert "sealed text, 17 characters" in source


def test_a_poll_of_an_unchanged_case_brings_nothing(scene: Scene) -> None:
    case = scene.case()
    client = visitor(scene.cast.ada)
    fragment = client.get(f"/escalations/{case.pk}/", headers=HTMX).content.decode()
    poll = fragment.partition('hx-get="')[2].partition('"')[0]
    assert client.get(poll, headers=HTMX).status_code == 204
    verify.verify(case.pk)
    changed = client.get(poll, headers=HTMX)
    assert changed.status_code == 200
    assert "Refund $480.00 of $900.00 paid" in words(changed)
    assert "<html" not in changed.content.decode()


def line_of(fragment: str) -> str:
    """What a page says that it shows of the time left."""
    return quote(fragment.partition('name="line" value="')[2].partition('"')[0])


def test_time_runs_in_the_line_above_a_case_and_the_case_stays(scene: Scene) -> None:
    case = scene.case()
    client = visitor(scene.cast.ada)
    fragment = client.get(f"/escalations/{case.pk}/", headers=HTMX).content.decode()
    # one poll carries both: nothing else on the page asks
    (poll,) = (part.partition('"')[0] for part in fragment.split('hx-get="')[1:])
    poll += f"&line={line_of(fragment)}"
    assert client.get(poll, headers=HTMX).status_code == 204
    backdate("update reviews_escalation set deadline = deadline - interval '1 hour' where id = %s", case.pk)
    later = client.get(poll, headers=HTMX)
    assert (later.status_code, later.headers["HX-Retarget"]) == (200, "#clock")
    assert words(later) == "Refunder asks · medium risk · 3 h left, then rejected"
    poll = poll.partition("&line=")[0] + f"&line={line_of(later.content.decode())}"
    assert client.get(poll, headers=HTMX).status_code == 204
    scene.take(case, scene.cast.grace)
    assert "HX-Retarget" not in client.get(poll, headers=HTMX).headers, "the case is another one now"
    overdue(case)
    assert client.get(poll, headers=HTMX).status_code == 200


def test_an_open_case_says_nothing_that_ages_unnoticed(scene: Scene, no_hold: None) -> None:
    scene.approve(scene.case(order="W2"))
    case = scene.take(scene.case())
    take.release(case.pk, reviewer=scene.cast.ada)
    handover.skip(case.pk, reviewer=scene.cast.grace, reason="interest")
    text = words(page(scene, case))
    assert "just now" not in text
    assert " ago" not in text
    assert re.search(r", read [0-9:]{8} UTC", text)


def test_a_case_in_ones_own_hands_is_never_swapped(scene: Scene) -> None:
    source = page(scene, scene.take(scene.case())).content.decode()
    polled = [part.partition('"')[0] for part in source.split('hx-get="')[1:]]
    assert polled == [part for part in polled if part.endswith("/clock/")]
    assert len(polled) == 1


def test_the_clock_says_time_left_and_lease(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = visitor(scene.cast.ada).get(f"/escalations/{case.pk}/clock/", headers=HTMX)
    assert words(response) == "Refunder asks · medium risk · 4 h left, then rejected · yours for 5 min More time m"


def test_a_notice_is_taken_note_of_not_approved(scene: Scene) -> None:
    answer = notice_of(scene, {"reason": "no_tool", "record": "R-17"})
    case = scene.take(Escalation.objects.get(pk=answer))
    response = page(scene, case)
    assert "What it says notice, 2 parameters Reason no tool Record R-17" in words(response)
    for foreign in ("No record is bound", "Ask the council for a binding", "Checking.", "Facts", "would run"):
        assert foreign not in words(response), "there is no record to read, and nothing to run"
    assert "Take note a nothing runs, the case is closed" in words(response)
    assert "Approve" not in words(response).replace("Approve is off", "")
    client = visitor(scene.cast.ada)
    assert client.post(f"/escalations/{case.pk}/acknowledge/").status_code == 302
    assert "Somebody has taken note of this." in words(page(scene, case))


def notice_of(scene: Scene, parameters: dict[str, Any]) -> uuid.UUID:
    from governance.authenticate import Credential, hash_key
    from reviews.intake import Ask, ask

    wish = Ask(
        action_type="notice", parameters=parameters, claims={}, run="r", subject=None, body_hash=b"1" * 32,
        idempotency_key="notice", agent_reason="out_of_scope",
    )  # fmt: skip
    return uuid.UUID(ask(Credential(hash_key(scene.cast.refunder_key)), wish).body["escalation"]["id"])
