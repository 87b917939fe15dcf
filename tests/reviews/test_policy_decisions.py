"""Policy in the way of decisions: it lowers what it covers and nothing else, and what fails leaves PROPOSE at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from governance import catalogue, covering, narrow, permit, policies, rule_on
from governance.authenticate import Caller, Credential, hash_key
from governance.backtest import backtest
from governance.bundle_files import checked
from governance.engines import chosen
from governance.engines.children import Children
from governance.engines.protocol import NoEngine, Raw, all_failed
from governance.models import Action, ScopeKind, Shadow
from governance.policy.memory import recalled
from governance.policy.tiers import Level, Tier
from governance.problems import Problem
from reviews import redeem, report
from reviews.answers import Answer
from reviews.explained import Again, again
from reviews.intake import ask
from reviews.models import Escalation
from reviews.withheld import Withheld, withheld
from tests.cast import BENCH_REFUND, BY, Cast
from tests.governance.family import Member, hired, ticket
from tests.governance.policies.rego import children, files
from tests.governance.policies.test_policies import active, digest
from tests.reviews.scene import bench, entries
from tests.reviews.test_familiar import PAY, with_entry

__all__ = ["children"]

_number = iter(range(1, 10_000))


@pytest.fixture(autouse=True)
def patient(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers of this test, and time: how long a rule may take is the subject of other tests."""
    monkeypatch.setattr(chosen, "engine", lambda: children)
    monkeypatch.setattr(chosen, "aside", lambda: children)
    monkeypatch.setattr(chosen, "replayer", lambda: children)
    monkeypatch.setattr(rule_on, "BUDGET_SECONDS", 5.0)
    monkeypatch.setattr(rule_on, "_seen", {})
    monkeypatch.setattr(rule_on, "_late", {})


def decided(cast: Cast, amount: str = "20.00", **more: Any) -> Answer:
    return ask(Credential(hash_key(cast.refunder_key)), bench(amount, number=next(_number), **more))


def outcome(cast: Cast, **more: Any) -> str:
    return str(decided(cast, **more).body["outcome"])


@pytest.mark.parametrize(
    ("tier", "expected"),
    [("halt", "refuse"), ("observe", "refuse"), ("propose", "escalate"), ("execute", "execute"), ("commit", "execute")],
)
def test_a_hard_rule_is_a_cap(cast: Cast, tier: str, expected: str) -> None:
    assert outcome(cast) == "execute"
    active(cast, tier=tier)
    assert outcome(cast) == expected


@pytest.mark.parametrize(("tier", "expected"), [("halt", "escalate"), ("propose", "escalate"), ("commit", "execute")])
def test_a_soft_rule_never_refuses(cast: Cast, tier: str, expected: str) -> None:
    active(cast, tier=tier, enforcement="soft_mandatory")
    assert outcome(cast) == expected


def test_an_advisory_rule_is_only_remembered(cast: Cast) -> None:
    active(cast, tier="halt", enforcement="advisory")
    answer = decided(cast)
    assert answer.body["outcome"] == "execute"
    (rule,) = recalled(Action.objects.get(pk=answer.body["id"]).decision.inputs).policy_rules
    assert (rule.tier, rule.mandatory, rule.reasons) == (Tier.HALT, False, ("The rule says so.",))


def test_a_bundle_governs_what_it_names_and_nothing_else(cast: Cast) -> None:
    active(cast, tier="halt", types="retail.cancel_pending_order")
    assert outcome(cast) == "execute"


def test_what_governs_whoever_delegates_governs_what_is_done_for_them(cast: Cast) -> None:
    """A domain is not left by asking an agent of another one: an agent never does for others what they may not do."""
    catalogue.save_action_type(BENCH_REFUND, domain=None, by=BY)
    translator = elsewhere(cast)
    refunder = Member(cast.refunder, cast.refunder_key)
    given = ticket(refunder, translator)
    active(cast, tier="propose", types="", domains="service")
    assert outcome(cast) == "escalate"
    asked = replace(bench("20.00", number=next(_number)), delegation=given.pk)
    held = ask(translator.credential, asked)
    assert (held.body["outcome"], held.body["bound_by"]) == ("escalate", "policy tests v1: PROPOSE")
    own = ask(translator.credential, bench("20.00", number=next(_number)))
    assert own.body["outcome"] == "execute", "its own domain is governed by nothing"
    assert forbidden(held) == ""
    active(cast, tier="halt", types="", domains="service", name="strict")
    assert forbidden(held).startswith("Policy strict v1, rule only, forbids it")
    assert forbidden(own) == ""


def forbidden(answer: Answer) -> str:
    return withheld(Action.objects.get(pk=answer.body["id"])).forbidden


@pytest.mark.parametrize(("domains", "grants"), [("service", False), ("other", False), ("service, other", True)])
def test_a_policy_grants_only_where_it_governs_everybody_in_the_chain(cast: Cast, domains: str, grants: bool) -> None:
    catalogue.save_action_type(BENCH_REFUND, domain=None, by=BY)
    translator = elsewhere(cast)
    given = ticket(Member(cast.refunder, cast.refunder_key), translator)
    active(cast, tier="commit", types="", domains=domains)
    answer = ask(translator.credential, replace(bench("20.00", number=next(_number)), delegation=given.pk))
    stored = recalled(Action.objects.get(pk=answer.body["id"]).decision.inputs)
    assert (answer.body["outcome"], stored.policy_grants) == ("execute", grants)


def test_a_backtest_judges_what_was_done_for_a_domain_with_it(cast: Cast) -> None:
    catalogue.save_action_type(BENCH_REFUND, domain=None, by=BY)
    translator = elsewhere(cast)
    given = ticket(Member(cast.refunder, cast.refunder_key), translator)
    for under in (None, given.pk):
        ask(translator.credential, replace(bench("20.00", number=next(_number)), delegation=under))
    found = backtest(checked(files("propose", types="", domains="service")), last=10)
    assert (found.looked_at, found.same, found.stricter) == (2, 1, 1)


def elsewhere(cast: Cast) -> Member:
    """A shared agent that stands in another domain."""
    other = narrow.create_scope(
        key="other", name="Other", kind=ScopeKind.DOMAIN, parent=cast.acme, ceiling=Tier.COMMIT, by=BY
    )
    project = narrow.create_scope(
        key="elsewhere", name="Elsewhere", kind=ScopeKind.PROJECT, parent=other, ceiling=Tier.EXECUTE, by=BY
    )
    return hired(cast, "Translator", shared=True, owner=cast.joan, project=project)


def test_two_bundles_that_cover_a_type_both_apply(cast: Cast) -> None:
    active(cast, tier="commit", name="wide")
    active(cast, tier="propose", name="narrow")
    answer = decided(cast)
    assert answer.body["outcome"] == "escalate"
    assert answer.body["bound_by"] == "policy narrow v1: PROPOSE"
    assert [reason["code"] for reason in answer.body["reasons"]] == ["policy_rule"]
    assert answer.body["reasons"][0]["sentence"] == ("Policy narrow v1, rule only, allows PROPOSE: The rule says so.")


def test_the_decision_remembers_what_each_rule_said_and_is_made_again(cast: Cast) -> None:
    version = active(cast, tier="propose")
    row = Action.objects.get(pk=decided(cast).body["id"]).decision
    (rule,) = recalled(row.inputs).policy_rules
    assert (rule.bundle, rule.version, rule.digest) == ("tests", 1, digest(version))
    columns = ("outcome", "effective_tier", "required_tier", "effective_risk", "ladder", "reasons", "inputs")
    found, told = again({name: getattr(row, name) for name in columns})
    assert found is Again.SAME
    assert told is not None
    assert "Policy must allow EXECUTE." in told.changes


def test_i12_without_an_engine_what_is_covered_is_proposed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    active(cast, tier="commit")
    monkeypatch.setattr(chosen, "engine", NoEngine)
    answer = decided(cast)
    assert answer.body["outcome"] == "escalate"
    assert [reason["code"] for reason in answer.body["reasons"]] == ["policy_unavailable"]


def test_i12_stored_files_of_another_digest_are_no_policy_and_cap_whatever_they_might_govern(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changed the row behind the back of the guards gains nothing by it: nobody knows what it governs."""
    active(cast, tier="commit", types="retail.cancel_pending_order")
    monkeypatch.setattr(covering, "bundle_digest", lambda files: bytes(32))
    answer = decided(cast)
    assert answer.body["outcome"] == "escalate"
    assert [reason["code"] for reason in answer.body["reasons"]] == ["policy_unavailable"]
    assert len(entries("policy_broken")) == 1


def test_i12_a_policy_that_breaks_is_told_once_and_mends_after_a_while(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    picky = 'package p\ntier := "commit" if input.amount.minor < 3000\nreasons := []\n'
    active(cast, rego=picky + '\n# tests need an answer\ntier := "commit" if not input.amount\n')
    assert outcome(cast, amount="20.00") == "execute"
    assert [outcome(cast, amount="40.00") for _ in range(3)] == ["escalate"] * 3
    assert len(entries("policy_broken")) == 1
    assert outcome(cast, amount="20.00") == "execute"
    assert entries("policy_mended") == [], "one good answer is no recovery"
    monkeypatch.setattr(rule_on, "MENDED_SECONDS", 0)
    assert outcome(cast, amount="20.00") == "execute"
    assert outcome(cast, amount="20.00") == "execute"
    assert len(entries("policy_mended")) == 1


def test_whoever_only_looks_at_a_case_takes_no_news_of_a_broken_policy_away(cast: Cast) -> None:
    action = Action.objects.get(pk=decided(cast, "40.00").body["id"])
    picky = 'package p\ntier := "commit" if input.amount.minor < 3000\nreasons := []\n'
    active(cast, rego=picky + 'tier := "commit" if not input.amount\n')
    assert withheld(action) == Withheld()
    assert outcome(cast, amount="40.00") == "escalate"
    assert len(entries("policy_broken")) == 1


class Late:
    """An engine whose answers are late, unless it is told otherwise."""

    def __init__(self, engine: Children) -> None:
        self.engine, self.late = engine, True

    def prepare(self, programs: Any, *, seconds: float) -> None:
        """What is asked first is loaded in time."""
        self.engine.prepare(programs, seconds=seconds)

    def evaluate(self, programs: Any, document: str, *, seconds: float) -> list[Raw]:
        """Nothing in time, or what the engine says."""
        return all_failed(programs, "slow") if self.late else self.engine.evaluate(programs, document, seconds=seconds)


def test_a_late_answer_is_a_case_and_only_lateness_that_goes_on_is_told(
    cast: Cast, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Late(children)
    monkeypatch.setattr(chosen, "engine", lambda: late)
    monkeypatch.setattr(rule_on, "_breakers", {})
    active(cast, tier="execute")
    assert {outcome(cast) for _ in range(rule_on.LATE_RUNNING - 1)} == {"escalate"}
    late.late = False
    monkeypatch.setattr(rule_on, "_breakers", {})
    assert outcome(cast) == "execute"
    late.late = True
    assert {outcome(cast) for _ in range(rule_on.LATE_RUNNING - 1)} == {"escalate"}
    assert not entries("policy_broken")
    assert outcome(cast) == "escalate"
    assert len(entries("policy_broken")) == 1


def test_what_policy_found_familiar_when_it_was_decided_is_so_at_its_redemption(cast: Cast) -> None:
    """The redemption reads no history: a rule that asks for something familiar is asked of what was decided on."""
    kind = catalogue.save_action_type({**PAY, "novelty": {"warm_up": 1}}, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, kind, level=Level.L2, by=BY)
    caller = Caller(cast.refunder.pk, cast.refunder.name, hash_key(cast.refunder_key))

    def paid() -> Answer:
        wish = bench(number=next(_number), customer="ann@shop.example")
        return ask(Credential(caller.digest), replace(wish, action_type=kind.key))

    first = Action.objects.get(pk=paid().body["id"])
    with_entry(Escalation.objects.get(action=first), first)
    report.report(first.pk, caller=caller, status="succeeded")
    familiar = 'package p\ndefault tier := "propose"\ntier := "execute" if input.novelty == "green"\nreasons := []\n'
    active(cast, types=kind.key, rego=familiar)
    answer = paid()
    assert answer.body["outcome"] == "execute"
    used = redeem.redeem(UUID(answer.body["grant"]["id"]), caller=caller, digest=answer.body["action_digest"])
    assert used.redeemed_at is not None


def test_what_turned_red_since_is_red_to_the_policy_that_is_asked_at_the_redemption(cast: Cast) -> None:
    red = 'tier := "halt" if input.evidence.signals.contract == "red"'
    active(cast, rego=f'package p\ndefault tier := "commit"\n{red}\nreasons := []\n')
    caller = Caller(cast.refunder.pk, cast.refunder.name, hash_key(cast.refunder_key))
    answer = decided(cast)
    assert answer.body["outcome"] == "execute"
    for _ in range(3):
        with pytest.raises(Problem, match="breaks the contract"):
            ask(Credential(caller.digest), replace(bench(number=next(_number)), parameters={}))
    with pytest.raises(Problem) as refused:
        redeem.redeem(UUID(answer.body["grant"]["id"]), caller=caller, digest=answer.body["action_digest"])
    assert refused.value.detail == "Refused now: policy tests v1: HALT."


def test_what_nothing_covers_asks_no_engine(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero cost: neither the input is built nor an engine asked, and no statement is added to the two."""
    active(cast, types="retail.cancel_pending_order")
    outcome(cast)
    monkeypatch.setattr(rule_on, "policy_input", None)
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    assert outcome(cast) == "execute"
    connection.force_debug_cursor = False
    assert len(connection.queries_log) == 2


def test_retiring_gives_back_what_it_took(cast: Cast) -> None:
    version = active(cast, tier="propose")
    assert outcome(cast) == "escalate"
    policies.retire(version.pk, by=cast.mary)
    assert outcome(cast) == "escalate"
    policies.retire(version.pk, by=cast.joan)
    assert outcome(cast) == "execute"


def test_a_shadow_is_logged_with_what_it_would_have_made_and_changes_nothing(cast: Cast) -> None:
    active(cast, tier="commit")
    second = policies.propose(files("halt", version=2), by=cast.mary)
    assert not Shadow.objects.exists()
    policies.set_shadow(second.pk, shadow=True, by=cast.mary)
    answer = decided(cast)
    assert answer.body["outcome"] == "execute"
    row = Shadow.objects.get()
    assert (str(row.action_id), row.version_id) == (answer.body["id"], second.pk)
    assert (row.tier, row.outcome, row.decided) == (int(Tier.HALT), "refuse", "execute")
    policies.set_shadow(second.pk, shadow=False, by=cast.mary)
    decided(cast)
    assert Shadow.objects.count() == 1


def test_a_shadow_stands_in_for_its_own_bundle_only(cast: Cast) -> None:
    active(cast, tier="propose", name="strict")
    active(cast, tier="propose")
    looser = policies.propose(files("commit", version=2), by=cast.mary)
    policies.set_shadow(looser.pk, shadow=True, by=cast.mary)
    assert outcome(cast) == "escalate"
    assert Shadow.objects.get().outcome == "escalate", "the other bundle still says propose"
