"""Acting under a ticket on PostgreSQL: whoever delegates only ever adds limits, and what is theirs is spent."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection

from governance import catalogue, halt, locks, narrow, permit, register
from governance.delegate import end_ticket
from governance.models import (
    Action,
    AgentState,
    Budget,
    Grant,
    Permission,
    Refusal,
    Scope,
    ScopeKind,
    Standing,
    Ticket,
)
from governance.policy.tiers import Level, Tier
from governance.problems import Code, Problem
from reviews import decided, dossier, intake, judge, redeem, take, verify
from reviews.answers import Answer
from reviews.cases import due_at, halts_over
from reviews.commit import commit
from reviews.intake import ask
from reviews.models import Escalation
from reviews.reconsider import reconsider
from reviews.reviewers import refuse_own
from reviews.standings import standings
from tests.cast import BENCH_REFUND, BY, Cast, cast, committed_cast
from tests.governance.family import Member, expired, hired, ticket
from tests.reviews.scene import Scene, backdate, no_hold, proven, scene, shop, shop_database, stated
from tests.reviews.test_intake import codes, refund
from tests.support.fixtures import Committed
from tests.support.proof import PROVE

__all__ = ["cast", "committed_cast", "no_hold", "scene", "shop", "shop_database"]


@pytest.fixture
def refunder(cast: Cast) -> Member:
    return Member(cast.refunder, cast.refunder_key)


@pytest.fixture
def translator(cast: Cast) -> Member:
    """A shared agent of another owner, which may execute refunds by itself."""
    return hired(cast, "Translator", shared=True, owner=cast.joan)


def asked(who: Member, key: str = "k1", amount: str = "10.00", **more: Any) -> Answer:
    under = more.pop("under", None)
    return ask(who.credential, refund(amount, key=key, delegation=None if under is None else under.pk, **more))


def stored(answer: Answer) -> Action:
    return Action.objects.get(pk=answer.body["id"])


def test_an_action_under_a_ticket_keeps_its_ticket_and_its_chain(refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    answer = asked(translator, under=given)
    assert answer.body["outcome"] == "execute"
    action = stored(answer)
    assert (action.ticket_id, action.chain) == (given.pk, [refunder.agent.pk])
    assert [name for name, *_ in action.decision.ladder if "ancestor" in name] == [
        "ancestor Refunder", "level of ancestor Refunder",
    ]  # fmt: skip


def test_a_registered_parent_counts_without_any_ticket(cast: Cast) -> None:
    action = stored(asked(Member(cast.drafter, cast.drafter_key)))
    assert (action.ticket_id, action.chain) == (None, [cast.refunder.pk])


def test_whoever_delegates_caps_with_its_tier_its_level_and_its_scopes(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    given = ticket(refunder, translator)
    register.change_agent(refunder.agent, max_tier=Tier.PROPOSE, by=BY)
    assert codes(asked(translator, "a", under=given)) == ["ancestor_ceiling"]
    register.change_agent(refunder.agent, max_tier=Tier.EXECUTE, by=BY)
    permit.set_level(refunder.agent, cast.refund, level=Level.L0, by=BY)
    capped = asked(translator, "b", "11.00", under=given)
    assert (capped.body["outcome"], capped.body["bound_by"]) == ("escalate", "level of ancestor Refunder: PROPOSE")
    assert asked(translator, "c", customer="c-2").body["outcome"] == "execute"
    elsewhere = narrow.create_scope(
        key="other", name="Other", kind=ScopeKind.PROJECT, parent=cast.service, ceiling=Tier.PROPOSE, by=BY
    )
    low = hired(cast, "Low", project=Scope.objects.get(pk=elsewhere.pk))
    assert codes(asked(translator, "d", "12.00", under=ticket(low, translator))) == ["ancestor_ceiling"]


def test_a_permission_missing_anywhere_above_refuses(cast: Cast, refunder: Member, translator: Member) -> None:
    checker = hired(cast, "Checker", shared=True)
    first = ticket(refunder, translator)
    second = ticket(translator, checker, via=first)
    permit.revoke(Permission.objects.get(agent=refunder.agent, action_type=cast.refund), by=BY)
    for who, under in ((translator, first), (checker, second)):
        answer = asked(who, under=under)
        assert (answer.status, codes(answer)) == (403, ["ancestor_not_permitted"])
    permit.revoke(Permission.objects.get(agent=translator.agent, action_type=cast.refund), by=BY)
    assert codes(asked(translator, "own", under=first)) == ["no_permission", "ancestor_not_permitted"]


def test_an_agent_above_that_is_not_active_refuses(refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    register.change_agent(refunder.agent, state=AgentState.SUSPENDED, by=BY)
    answer = asked(translator, under=given)
    assert (answer.status, codes(answer)) == (403, ["inactive"])


def hopeless(cast: Cast, refunder: Member, translator: Member) -> list[tuple[Member, Any]]:
    """Everything that is no delegation of who names it."""
    other = hired(cast, "Other", shared=True)
    ended = end_ticket(ticket(refunder, translator).pk, by=refunder.caller)
    first = ticket(refunder, other)
    rests = ticket(other, translator, via=first)
    end_ticket(first.pk, by=refunder.caller)
    narrow_one = ticket(refunder, translator, types=(cast.cancel.key,))
    return [
        (translator, ended),
        (translator, expired(refunder, translator, type_id=cast.refund.pk)),
        (translator, rests),
        (translator, narrow_one),
        (translator, ticket(refunder, other)),
        (refunder, ticket(refunder, translator)),
        (translator, Ticket()),
    ]


def test_what_is_no_delegation_of_this_agent_is_refused_before_anything_is_decided(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    for number, (who, under) in enumerate(hopeless(cast, refunder, translator)):
        for dry_run in (False, True):
            with pytest.raises(Problem) as caught:
                asked(who, f"k-{number}", under=under, dry_run=dry_run)
            assert caught.value.code is Code.DELEGATION_INVALID, number
    assert Action.objects.count() == 0
    assert asked(translator, "k-0").body["outcome"] == "execute", "the key stayed free"


def test_an_agent_that_is_no_longer_shared_acts_for_nobody(refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    register.change_agent(translator.agent, shared=False, by=BY)
    with pytest.raises(Problem) as caught:
        asked(translator, under=given)
    assert caught.value.code is Code.DELEGATION_INVALID


def test_a_chain_that_grew_a_ninth_link_at_its_top_allows_nothing_any_more(cast: Cast, refunder: Member) -> None:
    links, via = [refunder], None
    for number in range(2, 9):
        links.append(hired(cast, f"Link {number}", shared=True))
        via = ticket(links[-2], links[-1], via=via)
    assert asked(links[-1], under=via).body["outcome"] == "execute"
    above = hired(cast, "Above")
    with connection.cursor() as cursor:
        cursor.execute("update governance_agent set parent_id = %s where id = %s", [above.agent.pk, refunder.agent.pk])
    with pytest.raises(Problem) as caught:
        asked(links[-1], "k2", under=via)
    assert caught.value.code is Code.DELEGATION_INVALID


def test_the_same_request_is_answered_alike_after_its_ticket_ended(refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    first = asked(translator, under=given)
    end_ticket(given.pk, by=refunder.caller)
    assert asked(translator, under=given).body == first.body


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_a_ticket_that_ends_between_reading_and_writing_writes_nothing(
    committed: Committed, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Ending moves the epoch; the clock does not, so the committing statement looks at the ticket itself."""
    refunder = Member(committed_cast.refunder, committed_cast.refunder_key)
    translator = hired(committed_cast, "Translator", shared=True)
    given = ticket(refunder, translator)

    def late(parts: Any) -> Any:
        if how == "ended":
            end_ticket(given.pk, by=refunder.caller)
        else:
            with committed.connect(role="owner") as owner:
                owner.execute("alter table governance_ticket disable trigger ticket_kept")
                owner.execute("alter table governance_ticket disable trigger needs_entry")
                owner.execute("update governance_ticket set expires_at = clock_timestamp() - interval '1 ms'")
        return commit(parts)

    monkeypatch.setattr(intake, "commit", late)
    with pytest.raises(Problem) as caught:
        asked(translator, under=given)
    assert (caught.value.code, Action.objects.count()) == (Code.DELEGATION_INVALID, 0)


def test_a_halt_on_whoever_delegated_stops_deciding_and_freezes_what_waits(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    given = ticket(refunder, translator)
    waiting = asked(translator, under=given, uncertain=True)
    case = Escalation.objects.get(pk=waiting.body["escalation"]["id"])
    assert halts_over(case.action_id) == []
    stopped = halt.halt("agent", str(refunder.agent.pk), reason="a test", by=BY)
    refused = asked(translator, "k2", under=given)
    assert (refused.status, codes(refused)) == (403, ["halted"])
    assert asked(translator, "k3", customer="c-2").body["outcome"] == "execute", "its own work goes on"
    assert halts_over(case.action_id) == [f"agent {refunder.agent.pk}"]
    later = stopped.halted_at.replace(year=stopped.halted_at.year + 1)
    assert due_at(case, later) > later, "the time that was left stays left"


def test_what_an_agent_above_may_not_ask_for_in_its_domain_nobody_asks_for_it(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    """A permission for a type of another domain counts nothing, neither for its holder nor for whoever is below it."""
    given = ticket(refunder, translator)
    assert asked(translator, under=given).body["outcome"] == "execute"
    register.change_agent(refunder.agent, project=elsewhere(cast), by=BY)
    assert codes(asked(refunder)) == ["no_permission"]
    assert codes(asked(translator, "k2", under=given)) == ["ancestor_not_permitted"]
    assert codes(asked(Member(cast.drafter, cast.drafter_key))) == ["ancestor_not_permitted"]
    with pytest.raises(Problem) as caught:
        ticket(refunder, translator)
    assert caught.value.code is Code.FORBIDDEN
    assert asked(translator, "k3", customer="c-2").body["outcome"] == "execute", "its own work goes on"


def elsewhere(cast: Cast) -> Scope:
    """A project of another domain."""
    other = narrow.create_scope(
        key="other", name="Other", kind=ScopeKind.DOMAIN, parent=cast.acme, ceiling=Tier.EXECUTE, by=BY
    )
    return narrow.create_scope(key="far", name="Far", kind=ScopeKind.PROJECT, parent=other, ceiling=Tier.EXECUTE, by=BY)


@pytest.mark.parametrize(("target", "key"), [("project", "refunds"), ("domain", "service")])
def test_a_halt_on_a_scope_of_whoever_delegated_stops_what_is_done_for_them_elsewhere(
    cast: Cast, refunder: Member, target: str, key: str
) -> None:
    catalogue.save_action_type(BENCH_REFUND, domain=None, by=BY)
    stranger = hired(cast, "Stranger", shared=True, project=elsewhere(cast))
    given = ticket(refunder, stranger)
    stopped = halt.halt(target, key, reason="a test", by=BY)
    refused = asked(stranger, under=given)
    assert (refused.status, codes(refused)) == (403, ["halted"])
    assert asked(stranger, "k2", customer="c-2").body["outcome"] == "execute", "its own work goes on"
    halt.lift(stopped, by=BY)
    assert codes(asked(stranger, "k3", customer="c-3", under=given)) == ["recovering"]


@pytest.fixture
def for_refunder(scene: Scene) -> tuple[Member, Member, Ticket]:
    """Refunder, and Translator with a ticket for refunds of the shop."""
    refunder = Member(scene.cast.refunder, scene.cast.refunder_key)
    translator = hired(scene.cast, "Translator", shared=True, owner=scene.cast.joan)
    permit.set_level(translator.agent, scene.refund, level=Level.L1, by=BY)
    return refunder, translator, ticket(refunder, translator, types=("shop.refund",))


def approved(scene: Scene, who: Member, under: Ticket) -> Grant:
    answer = scene.ask("480.00", key=who.key, delegation=under.pk)
    case = Escalation.objects.get(pk=answer.body["escalation"]["id"])
    verify.verify(case.pk)
    take.take(case.pk, reviewer=scene.cast.grace)
    case.refresh_from_db()
    proof = proven(scene.cast.grace)
    verdict = judge.approve(case.pk, reviewer=scene.cast.grace, **stated(case), proof=proof)
    return Grant.objects.get(verdict_id=verdict.pk)


def redeemed(who: Member, grant: Grant) -> Grant:
    return redeem.redeem(grant.pk, caller=who.caller, digest=bytes(grant.digest).hex())


def test_an_approval_is_redeemed_while_its_delegation_is_in_force(
    scene: Scene, no_hold: None, for_refunder: tuple[Member, Member, Ticket]
) -> None:
    _, translator, given = for_refunder
    assert redeemed(translator, approved(scene, translator, given)).redeemed_at is not None


def test_an_approval_is_not_redeemed_when_its_delegation_has_ended(
    scene: Scene, no_hold: None, for_refunder: tuple[Member, Member, Ticket]
) -> None:
    refunder, translator, given = for_refunder
    grant = approved(scene, translator, given)
    end_ticket(given.pk, by=refunder.caller)
    decision = reconsider(grant.action_id, key=translator.caller.digest)
    assert [each.code.value for each in decision.reasons] == ["delegation_ended"]
    with pytest.raises(Problem) as caught:
        redeemed(translator, grant)
    assert (caught.value.code, caught.value.detail) == (Code.REFUSED, "Refused now: delegation: not in force.")
    grant.refresh_from_db()
    assert (grant.redeemed_at, grant.voided_at) == (None, None)


def test_a_halt_on_whoever_delegated_voids_the_approval_even_when_it_was_lifted(
    scene: Scene, no_hold: None, for_refunder: tuple[Member, Member, Ticket]
) -> None:
    refunder, translator, given = for_refunder
    grant = approved(scene, translator, given)
    halt.lift(halt.halt("agent", str(refunder.agent.pk), reason="a test", by=BY), by=BY)
    with pytest.raises(Problem) as caught:
        redeemed(translator, grant)
    assert caught.value.code is Code.GRANT_VOID
    grant.refresh_from_db()
    assert grant.voided_at is not None


def test_nobody_judges_what_is_asked_for_an_agent_that_they_own(
    scene: Scene, for_refunder: tuple[Member, Member, Ticket]
) -> None:
    """Translator is Joan's, and acts for Refunder, which is Mary's."""
    _, translator, given = for_refunder
    action = Action.objects.get(pk=scene.ask("480.00", key=translator.key, delegation=given.pk).body["id"])
    for owner in (scene.cast.joan, scene.cast.mary):
        with pytest.raises(Problem) as caught:
            refuse_own(owner, action, None)
        assert caught.value.code is Code.OWN_AGENT
    refuse_own(scene.cast.grace, action, None)


def capped(cast: Cast, *caps: dict[str, Any]) -> None:
    """The refund of the bench with these caps and no other."""
    catalogue.save_action_type({**BENCH_REFUND, "caps": list(caps)}, domain=cast.service, by=BY)


def outcomes(*requests: tuple[Member, Ticket | None]) -> list[str]:
    """What refunds of 480 come to, each for another customer and in another run."""
    found = []
    for number, (who, under) in enumerate(requests):
        try:
            found.append(
                asked(who, f"o-{number}", "480.00", under=under, customer=f"c-{number}", run=f"run-{number}").body[
                    "outcome"
                ]
            )
        except Problem as problem:
            found.append(problem.code.value)
    return found


def money(key: str) -> dict[str, Any]:
    return {"key": key, "money": "1000.00", "window": "24h"}


@pytest.mark.parametrize("key", ["root", "agent", "owner"])
def test_four_refunds_of_480_over_two_sub_agents_stop_at_the_cap_of_whom_they_act_for(
    cast: Cast, refunder: Member, key: str
) -> None:
    """Two siblings, one registered below and one shared, of other owners: what is split is one sum all the same."""
    below = hired(cast, "Below", parent=refunder.agent, owner=cast.ada)
    shared = hired(cast, "Shared", shared=True, owner=cast.grace)
    capped(cast, money(key))
    under = ticket(refunder, shared)
    if key == "owner":
        register.change_agent(refunder.agent, owner=cast.joan, by=BY)
    stopped = outcomes((below, None), (shared, under), (below, None), (shared, under))
    assert stopped == ["execute", "execute", "escalate", "cap_exhausted"]


@pytest.mark.parametrize("key", ["project", "domain"])
def test_a_cap_of_a_scope_is_not_escaped_through_an_agent_of_another_scope(cast: Cast, key: str) -> None:
    other = narrow.create_scope(
        key="other", name="Other", kind=ScopeKind.PROJECT, parent=cast.service, ceiling=Tier.EXECUTE, by=BY
    )
    lead = hired(cast, "Lead")
    shared = hired(cast, "Shared", shared=True, project=other)
    capped(cast, money(key))
    under = ticket(lead, shared)
    assert outcomes((lead, None), (shared, under), (lead, None)) == ["execute", "execute", "escalate"]


def test_work_for_somebody_else_spends_what_is_ones_own_too(cast: Cast, refunder: Member, translator: Member) -> None:
    """A request can only add: acting under a ticket is no second budget."""
    capped(cast, money("root"))
    given = ticket(refunder, translator)
    assert outcomes((translator, None), (translator, given), (translator, given)) == ["execute", "execute", "escalate"]
    keys = set(Budget.objects.values_list("key", flat=True))
    assert keys == {f"root:{each.agent.pk}|refunds|money|86400" for each in (refunder, translator)}


def test_a_run_is_one_run_whoever_of_the_chain_asks(cast: Cast, refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    for number, (who, under) in enumerate([(refunder, None), (translator, given)]):
        spent = asked(who, f"k-{number}", "480.00", under=under, customer=f"c-{number}", run="chat-17")
        assert spent.body["outcome"] == "execute"
    assert asked(refunder, "k-3", "480.00", customer="c-3", run="chat-17").body["outcome"] == "escalate"


def test_whoever_goes_on_with_a_run_acts_for_its_subject(cast: Cast, refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    assert asked(refunder, "k-1", subject="c-1", run="chat-18").body["outcome"] == "execute"
    same = asked(translator, "k-2", under=given, subject="c-1", run="chat-18")
    assert same.body["outcome"] == "execute"
    other = asked(translator, "k-3", under=given, subject="c-2", run="chat-18")
    assert other.body["outcome"] == "escalate"
    assert "fact_differs" in codes(other)


def test_the_approval_of_a_person_reserves_in_the_same_rows(
    scene: Scene, no_hold: None, for_refunder: tuple[Member, Member, Ticket]
) -> None:
    refunder, translator, given = for_refunder
    document = {**scene.refund.document, "caps": [{"key": "root", "money": "2000.00", "window": "24h"}]}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    grant = approved(scene, translator, given)
    held = {f"root:{each.agent.pk}|shop.refund|money|86400" for each in (refunder, translator)}
    assert set(grant.action.reservation.budgets) == held


@pytest.mark.parametrize("seed", range(40 if PROVE else 4))
def test_whatever_the_chain_nobody_stands_above_anybody_above_it(cast: Cast, seed: int) -> None:
    """Random registered parents, tickets, tiers and levels: each decision is compared with that of every ancestor."""
    chance = random.Random(seed)
    links: list[tuple[Member, Ticket | None]] = []
    for number in range(chance.randint(2, 6)):
        member, above = None, links[-1] if links else None
        tier, level = chance.choice([Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT]), Level(chance.randint(0, 3))
        if above is not None and chance.random() < 0.4:
            top = min(tier, Tier(above[0].agent.max_tier))
            member = hired(cast, f"Link {number}", parent=above[0].agent, tier=top, level=level)
        else:
            member = hired(cast, f"Link {number}", tier=tier, level=level, shared=True)
        links.append((member, None if above is None else ticket(above[0], member, via=above[1])))
    tiers = []
    for number, (member, under) in enumerate(links):
        body = asked(member, f"s-{number}", under=under, customer=f"c-{number}", run=f"run-{number}").body
        tiers.append(Tier[body["effective_tier"]])
        assert len(stored_chain(body)) == number
        alone = asked(member, f"t-{number}", customer=f"d-{number}", run=f"r-{number}", dry_run=True).body
        assert Tier[body["effective_tier"]] <= Tier[alone["effective_tier"]], "a ticket only ever takes away"
    assert tiers == sorted(tiers, reverse=True)


def stored_chain(body: dict[str, Any]) -> list[Any]:
    return list(Action.objects.get(pk=body["id"]).chain)


def test_an_action_without_a_parent_or_ticket_is_still_two_statements_and_one_row_per_cap(cast: Cast) -> None:
    asked(Member(cast.refunder, cast.refunder_key))
    assert Budget.objects.count() == len(BENCH_REFUND["caps"])


def counting(cast: Cast, *keys: str) -> None:
    """Let each of these caps of the refund take two."""
    caps = [{"key": key, "count": 2, "window": "24h"} for key in keys]
    catalogue.save_action_type({**BENCH_REFUND, "caps": caps}, domain=cast.service, by=BY)


def reds() -> dict[str, str]:
    """What is red, by the kind of latch: of whom, and why."""
    return {each.latch.split("|")[0]: f"{each.agent.name} {each.why}" for each in Standing.objects.all()}


def test_what_others_have_spent_lowers_an_agent_only_where_it_acts_for_them(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    """Whoever delegates must not take from a shared agent what it does for everybody else."""
    counting(cast, "agent")
    given = ticket(refunder, translator)
    for number in range(2):
        assert asked(refunder, f"own-{number}").body["outcome"] == "execute"
    assert asked(translator, "for", under=given).body["outcome"] == "escalate"
    assert reds() == {f"key:agent:{refunder.agent.pk}": "Translator cap"}
    assert asked(translator, "own", "11.00").body["outcome"] == "execute"
    held = Standing.objects.get()
    assert held.in_episode
    (told,) = standings(translator.agent.pk, {}, locks.database_now())
    assert "One key, one agent of the chain, of " in str(told)
    for dry_run in (True, False):
        with pytest.raises(Problem) as spent:
            asked(translator, "more", under=given, dry_run=dry_run)
        assert spent.value.code is Code.CAP_EXHAUSTED
    assert Refusal.objects.count() == 1, "a dry run counts none"
    backdate("update reviews_escalation set cap_key = null, cap_frees_at = null")
    waiting = asked(translator, "more", under=given, dry_run=True)
    assert {"cap_exceeded", "standing"} <= {reason["code"] for reason in waiting.body["reasons"]}
    assert "this agent for one agent of the chain" in str(waiting.body["reasons"])
    case = Escalation.objects.get()
    explained = decided.read(case.action_id).told
    assert explained is not None
    for bars in (dossier.read(case.pk, viewer=cast.ada.pk).bars, explained.bars):
        assert {(bar.whose, bar.name) for bar in bars} == {
            ("one agent of the chain", "Refunder"),
            ("one agent of the chain", "Translator"),
        }


def test_its_own_cap_lowers_the_whole_agent_also_while_it_acts_for_others(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    counting(cast, "agent")
    given = ticket(refunder, translator)
    for number in range(2):
        assert asked(translator, f"own-{number}").body["outcome"] == "execute"
    assert asked(translator, "for", under=given).body["outcome"] == "escalate"
    assert reds() == {"agent": "Translator agent_cap"}


def test_three_keys_of_others_do_not_lower_the_whole_agent(cast: Cast, refunder: Member, translator: Member) -> None:
    counting(cast, "agent", "root", "owner")
    given = ticket(refunder, translator)
    for number in range(2):
        asked(refunder, f"own-{number}")
    assert asked(translator, "for", under=given).body["outcome"] == "escalate"
    assert len(reds()) == 3
    assert "agent" not in reds()
    assert asked(translator, "own", "11.00").body["outcome"] == "execute"
