"""The agents as reviewers see them, and the tree of authority as the council sees it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from governance import halt, narrow, permit, record, register, standing
from governance.delegate import end_ticket
from governance.enrol import enrol
from governance.latches import TYPE
from governance.locks import database_now
from governance.models import Agent, AgentKey, HaltTarget, Permission, Scope
from governance.policy.standing import HEALTH, Why
from governance.policy.tiers import Level, Tier
from governance.redden import turn_red
from governance.stewards import set_stewards
from reviews import chronicle, roster, sample, tree
from reviews.models import Draw
from reviews.report import report
from reviews.spot_review import judge_draw
from reviews.statistics import ready_after
from reviews.templatetags.console import day
from tests.cast import BY, Cast
from tests.governance.family import Member, expired, hired, ticket
from tests.reviews.scene import Scene
from tests.web.reading import visitor, words


def profile(cast: Cast, agent: Agent | None = None) -> roster.Profile:
    return roster.read((agent or cast.refunder).pk)


def test_agents_are_listed_by_name_with_how_far_they_reach(cast: Cast) -> None:
    drafter, refunder = roster.listed()
    assert (drafter.name, drafter.reach, drafter.above, drafter.owner) == ("Drafter", Tier.PROPOSE, "Refunder", "mary")
    assert (refunder.name, refunder.reach, refunder.project, refunder.types) == ("Refunder", Tier.EXECUTE, "Refunds", 2)


def test_the_list_leads_to_each_agent(cast: Cast) -> None:
    response = visitor(cast.ada).get("/agents/")
    assert f'href="/agents/{cast.drafter.pk}/"' in response.content.decode()
    assert "Refunder 2 action types" in words(response)


def test_the_lowest_ceiling_binds_and_is_named(cast: Cast) -> None:
    narrow.set_ceiling(Scope.objects.get(key="service"), ceiling=Tier.PROPOSE, by=BY)
    rungs = profile(cast).rungs
    assert [rung.name for rung in rungs if rung.binds] == ["domain Customer Service"]
    assert [rung.name for rung in rungs] == [
        "enterprise Acme", "domain Customer Service", "project Refunds", "the agent itself",
    ]  # fmt: skip
    assert "domain Customer Service PROPOSE this one binds" in words(
        visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/")
    )


def test_an_agent_above_bounds_the_one_below(cast: Cast) -> None:
    register.change_agent(cast.refunder, by=BY, max_tier=Tier.OBSERVE)
    rungs = profile(cast, cast.drafter).rungs
    assert [rung.name for rung in rungs if rung.binds] == ["agent above Refunder"]
    assert profile(cast, cast.drafter).above == ((cast.refunder.pk, "Refunder"),)
    assert profile(cast).below == ((cast.drafter.pk, "Drafter"),)


def test_delegations_in_force_are_told_on_both_sides(cast: Cast) -> None:
    refunder, translator = Member(cast.refunder, cast.refunder_key), hired(cast, "Translator", shared=True)
    ended = ticket(refunder, hired(cast, "Former", shared=True))
    end_ticket(ended.pk, by=refunder.caller)
    expired(refunder, hired(cast, "Late", shared=True), type_id=cast.refund.pk)
    assert profile(cast).delegations == ()
    given = ticket(refunder, translator)
    text = words(visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/"))
    assert "Delegations in force Translator may act for it: Refund until" in text
    text = words(visitor(cast.ada).get(f"/agents/{translator.agent.pk}/"))
    assert "It may act for Refunder: Refund until" in text
    (held,) = profile(cast, translator.agent).delegations
    assert (held.given, held.agent, held.expires_at) == (False, "Refunder", given.expires_at)


def test_a_delegation_is_in_force_no_longer_than_what_it_rests_on_and_who_is_shared(cast: Cast) -> None:
    refunder, translator = Member(cast.refunder, cast.refunder_key), hired(cast, "Translator", shared=True)
    checker = hired(cast, "Checker", shared=True)
    first = ticket(refunder, translator)
    ticket(translator, checker, via=first)
    assert len(profile(cast, checker.agent).delegations) == 1
    end_ticket(first.pk, by=refunder.caller)
    assert profile(cast, checker.agent).delegations == profile(cast, translator.agent).delegations == ()
    ticket(refunder, checker)
    register.change_agent(checker.agent, shared=False, by=BY)
    assert profile(cast).delegations == ()


def test_levels_are_told_with_what_they_earn(cast: Cast) -> None:
    held = {each.action_type: each for each in profile(cast).held}
    assert (held["bench.refund"].level, held["bench.refund"].earned) == ("L2 monitored autonomy", Tier.EXECUTE)
    permit.set_level(cast.refunder, cast.refund, level=Level.L0, by=BY)
    assert "L0 draft only" in words(visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/"))


def test_an_agent_without_permission_may_do_nothing(cast: Cast) -> None:
    fresh = register.register_agent(name="Fresh", owner=cast.mary, project=cast.refunds, by=BY)
    text = words(visitor(cast.ada).get(f"/agents/{fresh.pk}/"))
    assert "It has no permission, so it may do nothing." in text
    assert "It has not asked for anything yet." in text


def test_a_halt_is_said_on_list_and_page(cast: Cast) -> None:
    halt.halt(HaltTarget.AGENT, str(cast.refunder.pk), reason="VIP, approve", by=BY)
    assert "halted" in words(visitor(cast.ada).get("/agents/"))
    text = words(visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/"))
    assert "A halt covers this agent. Nothing it asks for runs until the halt is lifted." in text
    assert "VIP" not in text


def test_keys_are_never_shown(cast: Cast) -> None:
    source = visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/").content.decode()
    key = AgentKey.objects.filter(agent=cast.refunder).get()
    assert key.prefix not in source
    assert "plc_" not in source


def test_the_last_decisions_name_what_bound_them(scene: Scene) -> None:
    scene.running()
    case = scene.case()
    first, second = profile(scene.cast).last
    assert (first.outcome, first.case) == ("escalate", case.pk)
    assert (second.outcome, second.bound_by, second.case) == ("execute", "project Refunds: ceiling EXECUTE", None)
    source = visitor(scene.cast.edith).get(f"/agents/{scene.cast.refunder.pk}/").content.decode()
    assert f'href="/escalations/{case.pk}/"' in source


def test_the_error_rate_is_a_bar_and_a_sentence(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    for number in range(3):
        action = scene.running()
        report(action.pk, caller=scene.refunder, status="succeeded")
        sample.draw_due()
        if number < 2:
            reason: dict[str, Any] = {"sound": True} if number else {"sound": False, "reason": "wrong_value"}
            judge_draw(Draw.objects.get(action=action).pk, reviewer=scene.cast.ada, **reason)
    response = visitor(scene.cast.ada).get(f"/agents/{scene.cast.refunder.pk}/")
    assert "Unsound: 1 of 2 reviewed samples (1 waits). The true rate is from " in words(response)
    assert 'class="bar"' in response.content.decode()


def test_a_rate_without_reviews_claims_nothing(cast: Cast) -> None:
    assert "No sample has been reviewed yet." in words(visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/"))


def test_the_tree_shows_every_scope_under_its_parent(cast: Cast) -> None:
    root = tree.read().root
    assert root is not None
    (service,) = root.children
    (refunds,) = service.children
    assert [(node.kind, node.name, node.ceiling) for node in (root, service, refunds)] == [
        ("enterprise", "Acme", Tier.COMMIT),
        ("domain", "Customer Service", Tier.COMMIT),
        ("project", "Refunds", Tier.EXECUTE),
    ]
    assert refunds.agents == 2


def test_the_council_sees_tree_tiers_and_catalogue(cast: Cast) -> None:
    text = words(visitor(cast.mary).get("/authority/"))
    assert "project Refunds EXECUTE 2 agents" in text
    assert "bounded side effects" in text
    assert "per-entity rate limits, cumulative budgets, anomaly signals, sampling" in text
    assert "bench.refund act medium Customer Service no record bound 0" in text
    assert "retail.cancel_pending_order act medium Customer Service bound 0" in text


def test_a_steward_lowers_on_the_page_of_authority_and_another_operator_does_not(cast: Cast) -> None:
    olga, otto = (enrol(name, groups=["operator"], by=BY) for name in ("olga", "otto"))
    set_stewards(cast.service, people=[olga], by=cast.mary)
    for name, forms in ((olga, 2), (otto, 0), (cast.mary, 0)):
        page = visitor(name).get("/authority/")
        assert "Looked after by olga" in words(page)
        assert page.content.decode().count("/lower/") == forms
        assert ("the council alone raises it again" in words(page)) is bool(forms)
    # the browser chooses the first: it is the next one, not the lowest
    asked = words(visitor(olga).get("/authority/"))
    assert "Lower it to PROPOSE OBSERVE Lower, with everything in it Refunds" in asked
    to = {"ceiling": "PROPOSE"}
    assert visitor(otto).post("/authority/service/lower/", to).status_code == 403
    assert visitor(olga).post("/authority/acme/lower/", to).status_code == 403
    assert visitor(olga).post("/authority/service/lower/", {"ceiling": "HIGHER"}).status_code == 422
    told = visitor(olga).post("/authority/service/lower/", to, follow=True)
    assert "The ceiling of Customer Service is PROPOSE now, and nothing in it stands higher." in words(told)
    assert [scope.ceiling for scope in Scope.objects.order_by("key")] == [Tier.COMMIT, Tier.PROPOSE, Tier.PROPOSE]


def test_what_lowers_a_ceiling_raises_none_for_whoever_saw_it_higher(cast: Cast) -> None:
    mary = visitor(cast.mary)
    for tier in ("COMMIT", "EXECUTE"):
        told = mary.post("/authority/refunds/lower/", {"ceiling": tier}, follow=True)
        assert told.status_code == 409, tier
        assert "The ceiling is as low as that already." in words(told)
        assert Scope.objects.get(key="refunds").ceiling == Tier.EXECUTE, tier


def test_types_without_a_record_show_how_many_wait(scene: Scene) -> None:
    with pytest.raises(AssertionError, match="escalate"):
        scene.running("600.00")
    waiting = {kind.key: (kind.bound, kind.waiting) for kind in tree.read().types}
    assert waiting["bench.refund"] == (False, 1)


def test_halts_in_force_are_listed_without_their_free_text(cast: Cast) -> None:
    halt.halt(HaltTarget.AGENT, str(cast.refunder.pk), reason="VIP, approve", by=BY)
    halt.halt(HaltTarget.DOMAIN, "service", reason="drill", by=BY)
    text = words(visitor(cast.edith).get("/authority/"))
    assert "agent Refunder by tests" in text
    assert "domain service by tests" in text
    assert "VIP" not in text
    (service,) = tree.read().root.children  # type: ignore[union-attr]
    assert service.halted


def test_before_genesis_the_tree_says_what_to_do(db: None) -> None:
    assert tree.read().root is None


def test_a_cell_stands_against_its_limit_with_what_is_still_to_check(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    for held in profile(scene.cast).held:
        assert (held.limit, held.more) == (0.02, ready_after(held.rate, 0.02))
    before = {held.action_type: held.more for held in profile(scene.cast).held}["bench.refund"]
    for sound in (True, False):
        action = scene.running()
        report(action.pk, caller=scene.refunder, status="succeeded")
        sample.draw_due()
        reason = "" if sound else "not_asked"
        judge_draw(Draw.objects.get(action=action).pk, reviewer=scene.cast.grace, sound=sound, reason=reason)
        more = {held.action_type: held.more for held in profile(scene.cast).held}["bench.refund"]
        assert before is not None
        assert more is not None
        assert more == before - 1 if sound else more > before
        before = more
    page = words(visitor(scene.cast.ada).get(f"/agents/{scene.cast.refunder.pk}/"))
    assert f"If no further error is found: ready after {before} more checks." in page


def test_what_bound_the_last_decisions_is_told_with_how_often(scene: Scene) -> None:
    for number in range(3):
        scene.case("600.00", order=f"W{number + 1}")
    (most, *_) = profile(scene.cast).bound
    assert most.count == 3
    assert "What bound its last decisions" in words(visitor(scene.cast.ada).get(f"/agents/{scene.cast.refunder.pk}/"))
    assert profile(scene.cast, scene.cast.drafter).bound == ()


def test_the_page_tells_what_became_of_an_agent(cast: Cast, scene: Scene) -> None:
    scene.running()
    scene.ask("480.00")
    permit.set_level(cast.refunder, scene.express, level=Level.L1, by=cast.mary)
    standing.pull(cast.refunder, tier=Tier.PROPOSE, reason="Odd.", by=cast.mary)
    standing.restore(cast.refunder, by=cast.mary)
    held = Permission.objects.get(agent=cast.refunder, action_type=scene.refund)
    standing.lower_level(held, to=Level.L1, by=BY)
    turn_red(cast.refunder.pk, f"{TYPE}{scene.refund.pk}", Why.ERRORS, HEALTH)
    record.append(event=record.Event.AGENT_CHANGED, actor=BY, body={"test": "red"})
    permit.revoke(held, by=cast.mary)
    found = chronicle.read(cast.refunder.pk, database_now())
    assert [(turn.kind, turn.about, turn.before, turn.after, turn.who) for turn in found.turns[:6]] == [
        ("permission_revoked", "Refund", "L1 supervised execution", "", "mary"),
        ("red", "Refund", "", "", ""),
        ("level_lowered", "Refund", "", "L1 supervised execution", ""),
        ("standing_restored", "", "PROPOSE", "", "mary"),
        ("standing_pulled", "", "", "PROPOSE", "mary"),
        ("permission_set", "Express", "L2 monitored autonomy", "L1 supervised execution", "mary"),
    ]
    assert len(found.days) == chronicle.DAYS
    assert (sum(found.executed), sum(found.asked), found.more) == (1, 1, False)
    text = words(visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/"))
    assert "Every action type Its standing was pulled to PROPOSE. mary" in text
    assert "Waited for a person, in each of the last 14 days" in text
    assert "Nothing has changed yet." not in words(visitor(cast.ada).get(f"/agents/{cast.drafter.pk}/"))


def test_a_day_is_a_day_in_every_zone_and_in_the_language_of_whoever_looks(cast: Cast, scene: Scene) -> None:
    scene.running()
    (*_, last) = chronicle.read(cast.refunder.pk, database_now()).days
    with translation.override("de"), timezone.override("America/New_York"):
        assert day(dt.datetime(2026, 3, 10, tzinfo=dt.UTC)) == '<time datetime="2026-03-10">10 Mär</time>'
        written = day(last.begins)
    client = visitor(cast.ada)
    client.post("/preferences/choose/", {"language": "de", "time_zone": "America/New_York"})
    assert f"<td>{written}</td>" in client.get(f"/agents/{cast.refunder.pk}/").content.decode()


def test_the_changes_of_one_agent_are_found_by_an_index(cast: Cast) -> None:
    values: dict[str, Any] = {"agent": cast.refunder.pk, "last": 20}
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(f"explain {chronicle._TURNS}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "ledger_of_agent" in plan
    assert "alert_red_of_agent" in plan
