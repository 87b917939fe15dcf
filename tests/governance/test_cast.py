from __future__ import annotations

from governance import catalogue
from governance.actors import COUNCIL, groups_of
from governance.models import Permission
from governance.policy.tiers import Level, Tier
from tests.cast import Cast


def test_the_cast_is_as_everybody_expects_it(cast: Cast) -> None:
    assert (cast.refunder.max_tier, cast.drafter.max_tier) == (Tier.EXECUTE, Tier.PROPOSE)
    assert cast.drafter.parent == cast.refunder
    levels = {(held.agent.name, held.action_type.key): held.level for held in Permission.objects.all()}
    assert levels["Refunder", "bench.refund"] == Level.L2
    assert levels["Drafter", "bench.refund"] == Level.L0
    assert (cast.ada.mandate.rank, cast.ada.mandate.money_limit) == (1, 500_00)
    assert cast.grace.mandate.rank == 3
    assert groups_of(cast.mary) == groups_of(cast.joan) == {COUNCIL}
    assert cast.sudo.is_superuser
    assert groups_of(cast.sudo) == groups_of(cast.mallory) == frozenset()


def test_the_bench_type_has_no_record_and_the_retail_type_has_one(cast: Cast) -> None:
    bench, retail = catalogue.current(cast.refund.pk), catalogue.current(cast.cancel.pk)
    assert bench is not None
    assert retail is not None
    assert bench.binding is None
    assert retail.binding is not None
    assert (bench.reads_first, retail.reads_first) == (False, True)
