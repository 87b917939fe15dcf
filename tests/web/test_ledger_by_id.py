"""An auditor follows one action by its id: who asked, who took and decided it, what was shown, what ran."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from governance.models import Grant
from reviews.models import Escalation
from tests.cast import Cast
from tests.reviews.scene import Scene
from tests.support.fixtures import Committed
from tests.web.reading import visitor

LEDGER = "/council/governance/ledgerentry/"
# In the order of the page, the newest first. The leases of a case name no action.
NOISE = """
insert into governance_ledgerentry (kind, actor, body)
  select %s, 'system:test', convert_to('{"action":"' || gen_random_uuid() || '"}', 'UTF8')
  from generate_series(1, 5000)
"""
READ = """
select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
  where relid = 'governance_ledgerentry'::regclass
"""
STORY = ["grant_redeemed", "verdict_given", "case_verified", "case_taken", "action_decided"]


def kinds(cast: Cast, wanted: object) -> list[str]:
    """The entries of a search, as Edith sees them."""
    page = visitor(cast.edith).get(LEDGER, {"q": str(wanted)}).content.decode()
    return re.findall(r'<td class="field-kind">([a-z_]+)</td>', page)


@pytest.fixture
def used(scene: Scene, no_hold: None) -> Grant:
    """An approval that was picked up, beside a case that has nothing to do with it."""
    grant = scene.approved()
    scene.redeem(grant)
    scene.case("430.00", run="another")
    return grant


def test_the_id_of_an_action_its_case_or_its_grant_finds_all_that_became_of_it(used: Grant, scene: Scene) -> None:
    case = Escalation.objects.get(action=used.action_id)
    for known in (used.action_id, case.pk, used.pk):
        found = kinds(scene.cast, known)
        assert [kind for kind in found if kind != "case_shown"] == STORY, known


def test_a_decision_that_waited_long_for_its_locks_is_found(committed: Committed, committed_scene: Scene) -> None:
    """Its action bears the time before them, its entry the time after."""
    case = committed_scene.case("480.00")
    with committed.connect(role="admin") as admin:
        admin.execute("alter table governance_action disable trigger all")  # no action changes when it was made
        admin.execute("update governance_action set created_at = created_at - interval '1 minute'")
    assert "action_decided" in kinds(committed_scene.cast, case.action_id)


def test_a_search_reads_what_names_the_id_and_not_the_ledger(no_hold: None, scene: Scene) -> None:
    """Counted by the database: rows of the ledger that were read, by whatever way."""
    with connection.cursor() as cursor:
        for kind in ("action_reported", "action_decided"):
            cursor.execute(NOISE, [kind])
        cursor.execute("select pg_sleep(1.1)")  # so long before an action its decision is not looked for
    grant = scene.approved()
    case = Escalation.objects.get(action=grant.action_id)
    for known in (grant.action_id, case.pk, grant.pk, scene.cast.refunder.pk):
        before = read()
        assert kinds(scene.cast, known), known
        assert read() - before < 500, known


def read() -> int:
    """How many entries this transaction read so far."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        return int(cursor.fetchone()[0])


def test_the_page_of_a_decision_leads_whoever_may_read_it_to_the_ledger(used: Grant, scene: Scene) -> None:
    link, cast = f'href="{LEDGER}?q={used.action_id}"', scene.cast
    page = f"/decisions/{used.action_id}/"
    assert [link in visitor(reader).get(page).content.decode() for reader in (cast.edith, cast.mary, cast.ada)] == [
        True,
        True,
        False,
    ]


def test_the_id_of_an_agent_finds_what_names_it_and_not_all_that_it_did(used: Grant, scene: Scene) -> None:
    found = kinds(scene.cast, scene.cast.refunder.pk)
    assert "agent_registered" in found
    assert "verdict_given" not in found


@pytest.mark.parametrize("wanted", ["shop.refund", "%", "00000000-0000-4000-8000-000000000000"])
def test_what_is_no_known_id_finds_nothing(cast: Cast, wanted: str) -> None:
    assert kinds(cast, wanted) == []


def test_a_reviewer_searches_no_ledger(cast: Cast) -> None:
    assert visitor(cast.ada).get(LEDGER, {"q": str(cast.refunder.pk)}).status_code == 403
