"""I9: every state change has exactly one ledger entry, in the same transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from governance import halt, narrow, permit, register
from governance.models import Execution, Halt, LedgerEntry
from governance.policy.tiers import Level, Tier
from reviews import (
    checkpoint,
    commit,
    deadlines,
    judge,
    redeem,
    report,
    sample,
    spot_review,
    sweep,
    take,
    verify,
    withdraw,
)
from reviews.models import Draw
from tests.cast import BY
from tests.reviews.scene import Scene, committed_scene, given_earlier, overdue, shop, shop_database
from tests.support.fixtures import Committed

__all__ = ["committed_scene", "shop", "shop_database"]

_GUARDED = """
select c.relname, a.attname, array_agg(t.tgname) @> '{append_only}'
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = 2
  where t.tgname in ('needs_entry', 'append_only') and has_table_privilege(%s, c.oid, 'select')
  group by 1, 2 order by 1
"""


@contextmanager
def entries(number: int, what: str) -> Iterator[None]:
    """Exactly so many entries come out of this block."""
    before = LedgerEntry.objects.count()
    yield
    assert LedgerEntry.objects.count() - before == number, what


def test_i9_every_verb_leaves_exactly_one_entry(scene: Scene) -> None:
    cast = scene.cast
    scene.ask("10.00", key=cast.refunder_key)  # the day's first decision also commits to the day's secret
    case, second, third = scene.case(), scene.case(order="W2"), scene.case(order="W3")
    late, running, going = scene.case(order="W4"), scene.running(), scene.running()
    more, higher = scene.case(order="W6"), scene.case(order="W7")
    steps: list[tuple[str, Callable[[], object]]] = [
        ("ask", lambda: scene.ask("30.00", order="W5")),
        ("verify", lambda: verify.verify(case.pk)),
        ("take", lambda: take.take(case.pk, reviewer=cast.ada)),
        ("release", lambda: take.release(case.pk, reviewer=cast.ada)),
        ("take again", lambda: take.take(second.pk, reviewer=cast.ada)),
        ("reject", lambda: judge.reject(second.pk, reviewer=cast.ada, reason="not_needed")),
        ("withdraw a verdict", lambda: judge.withdraw(second.verdicts.get().pk, reviewer=cast.ada)),
        ("more time", lambda: deadlines.extend(more.pk, reviewer=cast.grace, reason="specialist")),
        ("a higher rank", lambda: deadlines.raise_rank(higher, by=BY)),
        ("withdraw an action", lambda: withdraw.withdraw(third.action_id, caller=scene.refunder)),
        ("report", lambda: report.report(running.pk, caller=scene.refunder, status="succeeded")),
        ("continue too early", lambda: checkpoint.checkpoint(going.pk, caller=scene.refunder)),
        ("time passes", lambda: given_earlier(going.pk, 200)),
        ("continue", lambda: checkpoint.checkpoint(going.pk, caller=scene.refunder)),
        ("expire", sweep.expire_due),
        ("halt and lift", lambda: halt.lift(halt.halt("enterprise", "acme", reason="x", by=BY), by=BY)),
        ("stop", lambda: checkpoint.checkpoint(going.pk, caller=scene.refunder)),
        ("stopped before", lambda: checkpoint.checkpoint(going.pk, caller=scene.refunder)),
        ("end of a recovery", lambda: halt.end_recovery(Halt.objects.get(), by=BY)),
        ("level", lambda: permit.set_level(cast.drafter, cast.refund, level=Level.L1, by=BY)),
        ("ceiling", lambda: narrow.set_ceiling(cast.refunds, ceiling=Tier.PROPOSE, by=BY)),
        ("key", lambda: register.issue_key(cast.refunder, by=BY)),
    ]
    overdue(late)
    for what, step in steps:
        with entries(
            {"take": 1, "take again": 2, "halt and lift": 2, "stopped before": 0, "continue too early": 0}.get(what, 1),
            what,
        ):
            step()
    assert Execution.objects.count() == 1


def test_i9_no_governed_row_changes_without_an_entry_in_its_transaction(
    committed: Committed, committed_scene: Scene
) -> None:
    scene = committed_scene
    grant = scene.approved()
    judge.withdraw(grant.verdict_id or 0, reviewer=scene.cast.ada)
    running = scene.running()
    report.report(running.pk, caller=scene.refunder, status="succeeded")
    with psycopg.connect(committed.url, autocommit=True) as app:
        guarded = app.execute(_GUARDED, ["placet_app"]).fetchall()
        refused = {table: _refused(app, table, column) for table, column, _ in guarded}
    append_only = {table for table, _, only in guarded if only}
    changed = {table: state for table, state in refused.items() if state is not None}
    assert len(changed) >= 18
    assert {changed[table] for table in append_only & set(changed)} == {"42501"}, "the role may not even try"
    assert {changed[table] for table in set(changed) - append_only} <= {"PL011", "PL013", "PL014", "42501"}


def _refused(app: psycopg.Connection[tuple[str, str]], table: str, column: str) -> str | None:
    """How the database refuses to write a row of a table as it stands; None if there is no row."""
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    if app.execute(sql.SQL("select 1 from {table} limit 1").format(**names)).fetchone() is None:
        return None
    with pytest.raises(psycopg.Error) as refused:
        app.execute(sql.SQL("update {table} set {column} = {column}").format(**names))
    return refused.value.sqlstate


def test_a_batch_of_draws_and_a_finding_are_one_entry_each(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "probability", lambda *given: Decimal(1))
    for number in range(3):
        done = scene.running(customer=f"draw-{number}")
        report.report(done.pk, caller=scene.refunder, status="succeeded")
    with entries(1, "draws"):
        assert sample.draw_due() == 3
    draw = Draw.objects.all()[0]
    with entries(1, "finding"):
        spot_review.judge_draw(draw.pk, reviewer=scene.cast.grace, sound=True)


def test_i9_a_redemption_is_one_entry(committed_scene: Scene) -> None:
    grant = committed_scene.approved("480.00", reviewer=committed_scene.cast.grace)
    time.sleep(5.2)
    with entries(1, "redeem"):
        redeem.redeem(grant.pk, caller=committed_scene.refunder, digest=bytes(grant.digest).hex())
