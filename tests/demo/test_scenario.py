"""The scenario itself: the same on every machine, inside its caps, and possible."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import yaml

import governance
from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.policy.contracts import Parsed
from governance.policy.evidence import Signal
from governance.policy.fields import Bounds, read_iban
from governance.policy.health import Source, source_health
from reviews.demo import records
from reviews.demo.authority import HELPER, SIGNALS, WATCHER, abroad, governed, granted, shared_work, ticket
from reviews.demo.cast import ROLES
from reviews.demo.incidents import REACHING_CUSTOMER, incidents, refund_loop
from reviews.demo.scenario import HABITS, Step, cases, history
from reviews.demo.seed import EURO, HALTED
from reviews.models import UnsoundReason

CATALOGUES = Path(governance.__file__).parent / "catalogues"


def specs() -> dict[str, ActionTypeSpec]:
    found = {}
    for name in ("shop", "bank"):
        for document in yaml.safe_load((CATALOGUES / f"{name}.yaml").read_text(encoding="utf-8"))["action_types"]:
            spec = parse_action_type(document)
            assert isinstance(spec, ActionTypeSpec)
            found[spec.key] = spec
    return found


def everything() -> list[Step]:
    return [
        *cases(),
        *incidents(),
        *history(),
        *governed(),
        *granted(),
        *abroad(),
        *(link.step for link in shared_work()),
    ]


def test_the_scenario_is_the_same_every_time() -> None:
    assert (records.shop(), records.bank(), everything()) == (records.shop(), records.bank(), everything())


def test_there_are_a_few_hundred_customers_and_a_thousand_orders() -> None:
    goods, money = records.shop(), records.bank()
    assert len(goods["customers"]) == 300
    assert len(goods["orders"]) >= 1_000
    assert len(money["accounts"]) == 100
    assert all(row["customer_id"] in goods["customers"] for row in goods["orders"].values())


def test_ten_agents_of_whom_one_only_watches_and_one_is_halted() -> None:
    assert len(ROLES) == 10
    assert {role.name for role in ROLES} - {step.agent for step in everything()} == {WATCHER, HALTED}
    assert [(role.name, role.parent) for role in ROLES if role.parent] == [("Drafter", "Refunder")]
    assert [role.name for role in ROLES if role.shared] == [HELPER]
    assert {role.name: set(role.watches) for role in ROLES if role.watches} == {
        WATCHER: {signal.tool for signal in SIGNALS}
    }


def test_the_shared_work_is_one_tree_four_deep_by_three_agents() -> None:
    links = shared_work()
    depth = {"": -1}
    for link in links:
        depth[link.step.key] = depth[link.below] + 1
    assert [depth[link.step.key] for link in links] == [0, 1, 2, 2, 3]
    assert {link.step.agent for link in links} == {"Refunder", HELPER, "Drafter"}
    levels = {role.name: set(role.levels) for role in ROLES}
    assert set(ticket()["action_types"]) == {link.step.type for link in links if link.by_ticket}
    assert set(ticket()["action_types"]) <= levels["Refunder"] & levels[HELPER]


def test_one_grant_is_inside_the_guardrail_and_one_is_over_it() -> None:
    rail = specs()["bank.send_payment"].guardrail
    assert rail is not None
    assert rail.money is not None
    inside, over = (int(Decimal(step.parameters["amount"]["amount"]) * 100) for step in granted())
    assert 500_00 < inside <= rail.money < over


def test_one_payment_is_under_the_threshold_in_euros_and_over_it_in_dollars() -> None:
    threshold = specs()["bank.pay_abroad"].thresholds.amount
    amounts = [int(Decimal(step.parameters["amount"]["amount"]) * 100) for step in abroad()]
    assert threshold is not None
    assert [(amount <= threshold, amount * EURO <= threshold) for amount in amounts] == [(True, True), (True, False)]
    accounts = records.bank()["accounts"]
    assert {accounts[step.parameters["account_id"]]["currency"] for step in abroad()} == {"EUR"}


def test_one_tool_is_not_as_it_should_be_and_no_tool_is_red() -> None:
    said = {
        signal.tool: source_health(
            Source(
                good=sum(status != "down" for status in signal.outcomes),
                total=len(signal.outcomes),
                slow=sum(status != "up" for status in signal.outcomes),
                age=0,
            )
        )
        for signal in SIGNALS
    }
    assert said == {"bank.payees": Signal.GREEN, "shop.warehouse": Signal.AMBER}


def test_agents_err_in_different_ways_and_shares() -> None:
    assert len(set(HABITS.values())) == len(HABITS)
    assert {reason for _, reason in HABITS.values() if reason} <= set(UnsoundReason.values)
    wrong = Counter(step.agent for step in history() if step.unsound)
    assert wrong["Drafter"] > wrong["Refunder"] > 0 == wrong["Mailer"]


def test_every_request_has_a_key_and_a_permission_of_its_own() -> None:
    steps = everything()
    assert len({(step.agent, step.key) for step in steps}) == len(steps)
    levels = {role.name: role.levels for role in ROLES}
    assert all(step.type in levels[step.agent] for step in steps)


def test_every_request_keeps_its_contract() -> None:
    known = specs()
    for step in everything():
        assert isinstance(known[step.type].contract.parse(dict(step.parameters)), Parsed), step.key
        assert isinstance(known[step.type].claims.parse(dict(step.claims)), Parsed), step.key


def test_what_runs_on_its_own_stays_inside_the_caps_of_its_agent() -> None:
    amounts: Counter[str] = Counter()
    for step in [*history(), *refund_loop()[:2], *governed(), *granted()[:1]]:
        money = step.parameters.get("amount") or step.claims.get("amount")
        amounts[step.agent] += int(Decimal(money["amount"]) * 100) if money else 0
    assert max(amounts.values()) < 10_000_00
    subjects = Counter(
        step.subject
        for step in [*history(), *cases(), *governed()]
        if step.type in ("shop.refund", "shop.cancel_order")
    )
    assert max(subjects.values()) == 1


def test_the_hijackers_account_is_well_formed_and_nobodys_payee() -> None:
    read_iban(records.hijacker(), Bounds())
    assert records.hijacker() not in {row["iban"] for row in records.bank()["payees"].values()}


def test_the_order_that_is_reached_for_is_somebody_elses() -> None:
    assert records.shop()["orders"][records.OTHERS_ORDER]["customer_id"] not in ("", REACHING_CUSTOMER)
