from __future__ import annotations

import pytest
from django.db import connection

from governance import catalogue, narrow, permit
from governance.models import LedgerEntry, Permission, ScopeKind
from governance.policy.tiers import Level, Tier
from governance.problems import Code
from governance.record import Event
from tests.cast import BENCH_REFUND, Cast
from tests.governance.asking import entries, epoch, guarded, refused


def test_a_first_permission_above_l0_is_ledgered_as_a_widening(cast: Cast) -> None:
    permit.revoke(Permission.objects.get(agent=cast.drafter, action_type=cast.refund), by=cast.mary)
    permit.set_level(cast.drafter, cast.refund, level=Level.L0, by=cast.mary)
    assert entries(Event.PERMISSION_SET)[-1]["widening"] is False
    permit.revoke(Permission.objects.get(agent=cast.drafter, action_type=cast.refund), by=cast.mary)
    permit.set_level(cast.drafter, cast.refund, level=Level.L1, by=cast.mary)
    entry = entries(Event.PERMISSION_SET)[-1]
    assert (entry["from"], entry["to"], entry["widening"]) == (None, 1, True)


def test_a_raised_level_is_a_widening_and_a_lowered_one_reaches_decisions_under_way(cast: Cast) -> None:
    before = epoch()
    permit.set_level(cast.drafter, cast.refund, level=Level.L2, by=cast.mary)
    assert entries(Event.PERMISSION_SET)[-1]["widening"] is True
    assert epoch() == before
    permit.set_level(cast.drafter, cast.refund, level=Level.L1, by=cast.mary)
    assert entries(Event.PERMISSION_SET)[-1]["widening"] is False
    assert epoch() > before


def test_nobody_is_given_what_belongs_to_another_domain(cast: Cast) -> None:
    other = narrow.create_scope(
        key="other", name="Other", kind=ScopeKind.DOMAIN, parent=cast.acme, ceiling=Tier.EXECUTE, by=cast.mary
    )
    theirs = catalogue.save_action_type({**BENCH_REFUND, "key": "other.refund"}, domain=other, by=cast.mary)
    with refused(Code.INVALID):
        permit.set_level(cast.refunder, theirs, level=Level.L0, by=cast.mary)
    catalogue.save_action_type(BENCH_REFUND, domain=other, by=cast.mary)
    with refused(Code.INVALID):
        permit.set_level(cast.refunder, cast.refund, level=Level.L3, by=cast.mary)
    permit.set_level(cast.refunder, cast.refund, level=Level.L1, by=cast.mary)
    nobodys = catalogue.save_action_type({**BENCH_REFUND, "key": "free.refund"}, domain=None, by=cast.mary)
    permit.set_level(cast.refunder, nobodys, level=Level.L2, by=cast.mary)


def test_the_same_level_again_is_not_a_change(cast: Cast) -> None:
    count = LedgerEntry.objects.count()
    permit.set_level(cast.refunder, cast.refund, level=Level.L2, by=cast.mary)
    assert LedgerEntry.objects.count() == count


def test_a_revoked_permission_is_gone_at_once(cast: Cast) -> None:
    held = Permission.objects.get(agent=cast.refunder, action_type=cast.refund)
    before = epoch()
    permit.revoke(held, by=cast.joan)
    assert not Permission.objects.filter(pk=held.pk).exists()
    assert epoch() > before
    entry = entries(Event.PERMISSION_REVOKED)[-1]
    assert (entry["action_type"], entry["from"], entry["actor"]) == ("bench.refund", 2, "user:joan")
    with refused(Code.WRONG_STATE):
        permit.revoke(held, by=cast.joan)


@pytest.mark.parametrize("who", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_gives_and_takes_levels(cast: Cast, who: str) -> None:
    held = Permission.objects.get(agent=cast.refunder, action_type=cast.refund)
    with refused(Code.FORBIDDEN):
        permit.set_level(cast.drafter, cast.refund, level=Level.L3, by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        permit.revoke(held, by=getattr(cast, who))


def test_there_is_no_fifth_level(cast: Cast) -> None:
    with refused(Code.INVALID):
        permit.set_level(cast.drafter, cast.refund, level=4, by=cast.mary)  # type: ignore[arg-type]
    with guarded("23514"), connection.cursor() as cursor:
        cursor.execute("update governance_permission set level = 4")
