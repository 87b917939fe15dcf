"""What a cap counts over, for every key and unit on PostgreSQL: whoever shares the key shares it, nobody else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from governance import catalogue, narrow, permit
from governance.models import Budget, ScopeKind
from governance.policy.tiers import Level, Tier
from governance.policy.velocity import CapKey
from governance.problems import Code, Problem
from reviews.answers import Answer
from reviews.models import Escalation
from tests.cast import BY, cast
from tests.governance.family import Member, hired
from tests.reviews.scene import BINDING, REFUND, Scene, live, scene, shop, shop_database
from tests.reviews.test_intake import codes

__all__ = ["cast", "scene", "shop", "shop_database"]

# Two refunds of 480 fit, the third does not.
LIMITS: dict[str, dict[str, Any]] = {"count": {"count": 2}, "money": {"money": "1000.00"}}
UNITS = pytest.mark.parametrize("unit", LIMITS)

# After Refunder in run-1 for c-1: by key who shares it and as little else as possible, and who does not share it but
# as much else as possible. A run acts for one customer, so that another customer is another run.
SHARED: dict[str, tuple[str, str, str]] = {
    "entity": ("Joans in the bank", "run-2", "c-1"),
    "run": ("Refunder", "run-1", "c-1"),
    "agent": ("Refunder", "run-2", "c-2"),
    "root": ("Below", "run-2", "c-2"),
    "owner": ("Marys in the bank", "run-2", "c-2"),
    "project": ("Joans beside", "run-2", "c-2"),
    "domain": ("Joans next door", "run-2", "c-2"),
    "enterprise": ("Joans in the bank", "run-2", "c-2"),
}
APART: dict[str, tuple[str, str, str]] = {
    "entity": ("Refunder", "run-2", "c-2"),
    "run": ("Refunder", "run-2", "c-1"),
    "agent": ("Joans beside", "run-1", "c-1"),
    "root": ("Joans beside", "run-1", "c-1"),
    "owner": ("Joans beside", "run-1", "c-1"),
    "project": ("Joans next door", "run-1", "c-1"),
    "domain": ("Marys in the bank", "run-1", "c-1"),
}


@dataclass(frozen=True)
class Street:
    """Two domains, three projects, two owners, and agents that have no more in common than their names say."""

    scene: Scene
    members: dict[str, Member]
    orders: Iterator[int]

    def capped(self, key: str, unit: str, *, hard: bool = False) -> None:
        """A refund of the whole enterprise that counts over this key alone, and that everybody may pay."""
        cap = {"key": key, **LIMITS[unit], "window": "24h", "hard": hard}
        document = {**REFUND, "key": "street.refund", "caps": [cap], "evidence": ["contract", "velocity"]}
        refund = catalogue.save_action_type(document, domain=None, by=BY)
        catalogue.save_binding({**BINDING, "action_type": "street.refund"}, by=BY)
        for member in self.members.values():
            permit.set_level(member.agent, refund, level=Level.L2, by=BY)

    def ask(self, who: str, run: str, customer: str) -> Answer:
        """Ask for 480, each time for another order of the customer."""
        order = f"W{next(self.orders)}"
        self.scene.sql(f"update shop.orders set customer_id = '{customer}' where record_id = '{order}'")
        return self.scene.ask(order=order, kind="street.refund", key=self.members[who].key, run=run, subject=customer)

    def third(self, key: str, reason: str) -> tuple[Escalation, str]:
        """The case of the first that is over the cap, after two that fitted, and the key of that cap."""
        assert self.ask("Refunder", "run-1", "c-1").body["outcome"] == "execute"
        assert self.ask(*SHARED[key]).body["outcome"] == "execute"
        over = self.ask(*SHARED[key])
        assert (over.body["outcome"], codes(over)[0]) == ("escalate", reason)
        case = Escalation.objects.get(pk=over.body["escalation"]["id"])
        return case, str(case.cap_key)


@pytest.fixture
def street(scene: Scene) -> Street:
    cast = scene.cast
    beside = narrow.create_scope(
        key="door", name="Next door", kind=ScopeKind.PROJECT, parent=cast.service, ceiling=Tier.EXECUTE, by=BY
    )
    bank = narrow.create_scope(
        key="bank", name="Bank", kind=ScopeKind.DOMAIN, parent=cast.acme, ceiling=Tier.EXECUTE, by=BY
    )
    payouts = narrow.create_scope(
        key="payouts", name="Payouts", kind=ScopeKind.PROJECT, parent=bank, ceiling=Tier.EXECUTE, by=BY
    )
    places = {"beside": cast.refunds, "next door": beside, "in the bank": payouts}
    members = {
        "Refunder": Member(cast.refunder, cast.refunder_key),
        "Below": hired(cast, "Below", parent=cast.refunder, owner=cast.joan, level=None),
        "Marys in the bank": hired(cast, "Marys in the bank", project=payouts, level=None),
        **{
            f"Joans {where}": hired(cast, f"Joans {where}", owner=cast.joan, project=project, level=None)
            for where, project in places.items()
        },
    }
    return Street(scene, members, itertools.count(1))


def test_every_key_that_a_cap_can_have_is_tried() -> None:
    assert list(SHARED) == [key.value for key in CapKey] == [*APART, "enterprise"]


@UNITS
@pytest.mark.parametrize("key", SHARED)
def test_a_cap_stops_whoever_shares_its_key_and_nobody_else_and_a_person_may_pass_it(
    street: Street, key: str, unit: str
) -> None:
    street.capped(key, unit)
    case, budget = street.third(key, "cap_exceeded")
    assert budget.startswith(f"{key}:")
    if key in APART:
        assert street.ask(*APART[key]).body["outcome"] == "execute"
    over = live(f"{budget}%")
    street.scene.approve(case, street.scene.cast.grace)
    assert (over, live(f"{budget}%")) == ((2, 3) if unit == "count" else (960_00, 1440_00))


@UNITS
@pytest.mark.parametrize("key", SHARED)
def test_a_hard_cap_of_any_key_is_passed_by_nobody(street: Street, key: str, unit: str) -> None:
    street.capped(key, unit, hard=True)
    case, budget = street.third(key, "hard_cap")
    with pytest.raises(Problem) as problem:
        street.scene.approve(case, street.scene.cast.grace)
    assert problem.value.code is Code.NOT_APPROVABLE
    assert problem.value.detail == "It would pass a hard cap, which no approval passes."
    assert {sum(row.slots) for row in Budget.objects.filter(key__startswith=budget)} == {
        2 if unit == "count" else 960_00
    }
