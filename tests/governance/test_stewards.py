"""Stewards lower what they look after, and nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from governance import narrow
from governance.enrol import change_person, enrol
from governance.models import Scope, ScopeKind, Steward
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from governance.record import Event
from governance.stewards import set_stewards
from tests.cast import BY, Cast
from tests.governance.asking import entries, guarded, refused

CEILINGS = (Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT)


@pytest.fixture
def olga(cast: Cast) -> User:
    return enrol("olga", groups=["operator"], by=BY)


def stood() -> dict[str, int]:
    return dict(Scope.objects.values_list("key", "ceiling"))


def test_a_steward_lowers_what_is_in_their_scope_and_changes_nothing_else(cast: Cast, olga: User) -> None:
    """Every scope and every ceiling: what comes out is lower, and inside; everything else is refused."""
    narrow.create_scope(key="bank", name="Bank", kind=ScopeKind.DOMAIN, parent=cast.acme, ceiling=Tier.COMMIT, by=BY)
    set_stewards(cast.service, people=[olga], by=cast.mary)
    before, lowered = stood(), set()
    for scope in Scope.objects.all():
        for ceiling in CEILINGS:
            with transaction.atomic():
                with suppress(Problem):
                    narrow.set_ceiling(scope, ceiling=ceiling, by=olga)
                changed = {key for key, tier in stood().items() if tier != before[key]}
                assert changed <= {"service", "refunds"}, "inside"
                assert all(stood()[key] < before[key] for key in changed), "downwards"
                lowered |= {(scope.key, ceiling)} if changed else set()
                transaction.set_rollback(True)
    assert lowered == {
        *(("service", tier) for tier in CEILINGS[:3]),
        *(("refunds", tier) for tier in CEILINGS[:2]),
    }


def test_what_a_steward_lowered_stands_in_the_ledger_and_only_the_council_raises_it(cast: Cast, olga: User) -> None:
    set_stewards(cast.refunds, people=[olga], by=cast.mary)
    narrow.set_ceiling(cast.refunds, ceiling=Tier.OBSERVE, by=olga)
    assert [(each["actor"], each["key"], each["to"]) for each in entries(Event.CEILING_NARROWED)] == [
        ("user:olga", "refunds", 1)
    ]
    with refused(Code.FORBIDDEN) as problem:
        narrow.set_ceiling(cast.refunds, ceiling=Tier.PROPOSE, by=olga)
    assert problem.value.detail == "A steward only lowers a ceiling; the council raises it."
    narrow.set_ceiling(cast.refunds, ceiling=Tier.PROPOSE, by=cast.joan)


def test_who_is_removed_or_is_no_operator_any_more_is_no_steward(cast: Cast, olga: User) -> None:
    set_stewards(cast.refunds, people=[olga], by=cast.mary)
    change_person(olga, groups=["auditor"], by=cast.mary)
    with refused(Code.FORBIDDEN):
        narrow.set_ceiling(cast.refunds, ceiling=Tier.OBSERVE, by=olga)
    change_person(olga, groups=["operator"], by=cast.mary)
    set_stewards(cast.refunds, people=[], by=cast.joan)
    with refused(Code.FORBIDDEN):
        narrow.set_ceiling(cast.refunds, ceiling=Tier.OBSERVE, by="user:olga")
    assert [(each["from"], each["to"], each["widening"]) for each in entries(Event.STEWARDS_SET)] == [
        ([], ["olga"], True),
        (["olga"], [], False),
    ]


def test_the_council_names_stewards_who_are_operators_and_nobody_names_themselves(cast: Cast, olga: User) -> None:
    for by in (olga, cast.edith, cast.ada):
        with refused(Code.FORBIDDEN):
            set_stewards(cast.refunds, people=[olga], by=by)
    with refused(Code.INVALID):
        set_stewards(cast.refunds, people=[cast.ada], by=cast.mary)
    change_person(cast.mary, groups=["council", "operator"], by=cast.joan)
    with refused(Code.FORBIDDEN):
        set_stewards(cast.refunds, people=[cast.mary], by=cast.mary)
    assert not Steward.objects.exists()


def test_the_enterprise_has_no_steward_from_a_shell_either(cast: Cast, olga: User) -> None:
    with refused(Code.INVALID):
        set_stewards(cast.acme, people=[olga], by=cast.mary)
    with guarded("PL019"):
        Steward.objects.create(scope=cast.acme, person=olga)
