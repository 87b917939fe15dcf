"""What people do to a standing: anybody answerable pulls it down at once, only the council lets it up again."""

from __future__ import annotations

import itertools
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from governance import catalogue, permit, standing
from governance.authenticate import Credential, hash_key
from governance.latches import LEVEL
from governance.models import Instance, LedgerEntry, Permission, Standing
from governance.policy.tiers import Level, Tier
from governance.problems import Code, Problem
from reviews.intake import ask
from tests.cast import BENCH_REFUND, BY, Cast
from tests.reviews.scene import backdate, bench, entries, illegible

numbers = itertools.count(2_000_000)


def asks(key: str) -> dict[str, Any]:
    return ask(Credential(hash_key(key)), bench("1.00", number=next(numbers))).body


def pulled(cast: Cast, **more: Any) -> Standing:
    given = {"tier": Tier.PROPOSE, "reason": "wrong amounts", "by": cast.mary, **more}
    return standing.pull(cast.refunder, **given)


def refused(code: Code, verb: Any, *args: Any, **more: Any) -> Problem:
    with pytest.raises(Problem) as problem:
        verb(*args, **more)
    assert problem.value.code is code
    return problem.value


def test_a_pull_is_in_force_for_the_next_decision_and_a_person_lifts_it(cast: Cast) -> None:
    epoch = Instance.objects.get().authority_epoch
    pulled(cast)
    assert Instance.objects.get().authority_epoch == epoch + 1, "what was decided before decides again"
    answer = asks(cast.refunder_key)
    assert answer["bound_by"] == "standing of this agent: PROPOSE"
    assert "until a person restores it" in answer["reasons"][0]["sentence"]
    standing.restore(cast.refunder, by=cast.joan)
    assert asks(cast.refunder_key)["outcome"] == "execute"
    assert [entry["latch"] for entry in (*entries("standing_pulled"), *entries("standing_restored"))] == ["agent"] * 2
    assert entries("standing_restored")[0]["widening"] is True


def test_a_pull_may_be_for_one_action_type(cast: Cast) -> None:
    pulled(cast, action_type=cast.cancel)
    assert asks(cast.refunder_key)["outcome"] == "execute"
    pulled(cast, action_type=cast.refund)
    assert asks(cast.refunder_key)["bound_by"] == "standing for this action type: PROPOSE"


def test_a_pull_to_observe_refuses(cast: Cast) -> None:
    pulled(cast, tier=Tier.OBSERVE)
    assert asks(cast.refunder_key)["outcome"] == "refuse"


def test_council_operators_and_the_owner_pull_nobody_else(cast: Cast) -> None:
    for stranger in (cast.ada, cast.edith, cast.mallory, cast.sudo):
        refused(Code.FORBIDDEN, pulled, cast, by=stranger)
    cast.mary.groups.clear()
    cast.mary.is_active = False
    refused(Code.FORBIDDEN, pulled, cast)
    assert not Standing.objects.exists()
    assert pulled(cast, by=cast.joan, tier=Tier.EXECUTE).pulled_by == "user:joan"
    cast.mary.is_active = True
    assert pulled(cast).pulled_by == "user:mary", "the owner needs no seat for it"
    cast.ada.groups.set(Group.objects.filter(name="operator"))
    assert pulled(cast, by=cast.ada, tier=Tier.OBSERVE).pulled_by == "user:ada"


def test_only_the_council_restores(cast: Cast) -> None:
    pulled(cast)
    cast.mary.groups.clear()
    for other in (cast.ada, cast.edith, cast.mallory, cast.sudo):
        refused(Code.FORBIDDEN, standing.restore, cast.refunder, by=other)
    assert asks(cast.refunder_key)["outcome"] == "escalate"
    standing.restore(cast.refunder, by=cast.joan)
    refused(Code.WRONG_STATE, standing.restore, cast.refunder, by=cast.joan)


def test_a_pull_goes_further_down_but_not_up(cast: Cast) -> None:
    pulled(cast)
    for tier in (Tier.PROPOSE, Tier.EXECUTE):
        refused(Code.WRONG_STATE, pulled, cast, tier=tier)
    assert pulled(cast, tier=Tier.OBSERVE).pulled_tier == Tier.OBSERVE


@pytest.mark.parametrize("tier", [Tier.HALT, Tier.COMMIT])
def test_a_pull_is_to_a_tier_that_holds_something_back(cast: Cast, tier: Tier) -> None:
    refused(Code.INVALID, pulled, cast, tier=tier)


@pytest.mark.parametrize("reason", ["", " ", "x" * 201, "a\u202eb"])
def test_a_pull_has_a_plain_reason(cast: Cast, reason: str) -> None:
    refused(Code.INVALID, pulled, cast, reason=reason)


@pytest.mark.parametrize(
    "change",
    [
        "pulled_tier = null",
        "pulled_tier = 3",
        "pulled_tier = null, restored_by = 'user:x', restored_at = restored_at",
        "strikes = strikes + 1",
        "strikes = strikes + 2, red_at = clock_timestamp()",
        "strikes = 0, red_at = clock_timestamp()",
        "agent_id = (select id from governance_agent where name = 'Drafter')",
        "latch = 'key:x'",
    ],
)
def test_the_database_keeps_pulls_and_strikes(cast: Cast, change: str) -> None:
    row = pulled(cast)
    backdate("update governance_standing set strikes = 1, red_at = now(), green_since = now() where id = %s", row.pk)
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"update governance_standing set {change} where id = %s", [row.pk])
    assert getattr(refusal.value.__cause__, "sqlstate", "") == "PL018"


def test_every_write_takes_a_new_number(cast: Cast) -> None:
    first = Standing.objects.get(pk=pulled(cast).pk).version
    second = Standing.objects.get(pk=standing.restore(cast.refunder, by=BY).pk).version
    assert 0 < first < second


def permission(cast: Cast) -> Permission:
    return Permission.objects.get(agent=cast.refunder, action_type=cast.refund)


def test_reviewed_errors_lower_the_level_by_one_and_it_stays_there_for_its_cooldown(cast: Cast) -> None:
    assert standing.lower_level(permission(cast), to=Level.L1, by=BY).level == Level.L1
    assert asks(cast.refunder_key)["bound_by"] == "level L1 at medium risk: PROPOSE"
    problem = refused(Code.WRONG_STATE, permit.set_level, cast.refunder, cast.refund, level=Level.L2, by=cast.joan)
    row = Standing.objects.get(latch=f"{LEVEL}{cast.refund.pk}")
    assert row.red_at is not None
    assert f"{row.red_at + timedelta(days=7):%Y-%m-%d}" in problem.detail
    backdate("update governance_standing set red_at = red_at - interval '7 days' where id = %s", row.pk)
    assert permit.set_level(cast.refunder, cast.refund, level=Level.L2, by=cast.joan).level == Level.L2
    row.refresh_from_db()
    assert not row.in_episode
    entry = entries("level_lowered")[0]
    assert (entry["to"], entry["strikes"]) == (1, 1)


def test_a_level_is_lowered_also_where_its_type_cannot_be_read(cast: Cast) -> None:
    illegible(cast.refund)
    assert standing.lower_level(permission(cast), to=Level.L1, by=BY).level == Level.L1


def test_a_level_is_lowered_from_a_shell_by_a_member_by_name(cast: Cast) -> None:
    said = StringIO()
    call_command("lower_level", "refunder", cast.refund.key, to="L1", by="mary", stdout=said)
    assert said.getvalue() == "Lowered to L1. It may be raised again after its cooldown.\n"
    assert permission(cast).level == Level.L1
    assert LedgerEntry.objects.get(kind="level_lowered").actor == "user:mary"
    for asked in (("nobody", cast.refund.key), ("refunder", "no.type")):
        with pytest.raises(CommandError):
            call_command("lower_level", *asked, to="L1", by="mary")
    with pytest.raises(CommandError, match="stands at L1"):
        call_command("lower_level", "refunder", cast.refund.key, to="L1", by="mary")
    with pytest.raises(CommandError, match="council"):
        call_command("lower_level", "refunder", cast.refund.key, to="L0", by="ada")
    assert permission(cast).level == Level.L1


def test_the_second_time_it_waits_twice_as_long(cast: Cast) -> None:
    for to in (Level.L1, Level.L0):
        standing.lower_level(permission(cast), to=to, by=BY)
    backdate("update governance_standing set red_at = red_at - interval '13 days' where latch like 'level:%%'")
    refused(Code.WRONG_STATE, permit.set_level, cast.refunder, cast.refund, level=Level.L1, by=BY)
    backdate("update governance_standing set red_at = red_at - interval '1 day' where latch like 'level:%%'")
    assert permit.set_level(cast.refunder, cast.refund, level=Level.L1, by=BY).level == Level.L1


def test_the_cooldown_of_a_level_is_that_of_its_action_type(cast: Cast) -> None:
    document = {**BENCH_REFUND, "standing": {"statistical": {"cooldown": "1d"}}}
    catalogue.save_action_type(document, domain=cast.service, by=BY)
    standing.lower_level(permission(cast), to=Level.L1, by=BY)
    backdate("update governance_standing set red_at = red_at - interval '1 day' where latch like 'level:%%'")
    assert permit.set_level(cast.refunder, cast.refund, level=Level.L2, by=BY).level == Level.L2


def test_a_permission_that_is_revoked_and_given_again_does_not_escape_the_cooldown(cast: Cast) -> None:
    standing.lower_level(permission(cast), to=Level.L1, by=BY)
    permit.revoke(permission(cast), by=BY)
    refused(Code.WRONG_STATE, permit.set_level, cast.refunder, cast.refund, level=Level.L2, by=BY)
    assert permit.set_level(cast.refunder, cast.refund, level=Level.L0, by=BY).level == Level.L0


def test_a_lowered_level_caps_no_other_type_and_is_no_standing(cast: Cast) -> None:
    standing.lower_level(permission(cast), to=Level.L1, by=BY)
    permit.set_level(cast.refunder, cast.cancel, level=Level.L3, by=BY)
    assert "standing" not in [reason["code"] for reason in asks(cast.refunder_key)["reasons"]]


def test_there_is_no_level_below_l0_and_nobody_else_lowers_one(cast: Cast) -> None:
    refused(Code.FORBIDDEN, standing.lower_level, permission(cast), to=Level.L1, by=cast.ada)
    drafter = Permission.objects.get(agent=cast.drafter, action_type=cast.refund)
    refused(Code.WRONG_STATE, standing.lower_level, drafter, to=Level.L0, by=BY)
    assert not LedgerEntry.objects.filter(kind="level_lowered").exists()


def test_what_lowers_a_level_names_where_to_so_that_sent_twice_it_lowers_once(cast: Cast) -> None:
    standing.lower_level(permission(cast), to=Level.L1, by=cast.mary)
    for again in (Level.L1, Level.L2):
        problem = refused(Code.WRONG_STATE, standing.lower_level, permission(cast), to=again, by=cast.joan)
        assert "stands at L1" in problem.detail
    assert permission(cast).level == Level.L1
    (entry,) = entries("level_lowered")
    assert entry["strikes"] == 1
    permit.set_level(cast.refunder, cast.cancel, level=Level.L3, by=BY)
    higher = Permission.objects.get(agent=cast.refunder, action_type=cast.cancel)
    refused(Code.WRONG_STATE, standing.lower_level, higher, to=Level.L1, by=BY)
