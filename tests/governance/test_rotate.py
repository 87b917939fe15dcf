"""An agent issues itself a successor of its key and gives a key up: of one line two live, and nobody lives longer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import gather, halt, register
from governance.authenticate import KEY_LIFE, Credential, hash_key, identify
from governance.models import AgentKey, AgentState, LedgerEntry
from governance.problems import Code
from governance.record import Event
from governance.rotate import OVERLAP, Rotated, give_up_key, rotate_key
from governance.sub_agents import register_sub_agent
from tests.cast import BY, Cast, cast
from tests.governance.asking import entries, epoch, guarded, refused
from tests.governance.family import caller_of

__all__ = ["cast"]

# Who changes authority waits for it alone; whoever decides shares it.
ALONE = "pg_advisory_xact_lock("


def rotated(key: str, request: str = "k-1") -> Rotated:
    return rotate_key(caller=caller_of(key), request_key=request)


def row(key: str) -> AgentKey:
    return AgentKey.objects.get(prefix=key[4:12])


def use(key: str) -> None:
    assert gather.call(Credential(hash_key(key))) is not None


def lives(key: str) -> bool:
    return identify(Credential(hash_key(key))) is not None


def past_its_overlap(key: str) -> None:
    """An hour later: the old key has ended by its date."""
    with connection.cursor() as cursor:
        cursor.execute("update governance_agentkey set expires_at = clock_timestamp() where prefix = %s", [key[4:12]])


def test_a_successor_lives_for_a_year_and_the_old_key_for_an_hour(cast: Cast) -> None:
    before = epoch()
    found = rotated(cast.refunder_key)
    old, new = row(cast.refunder_key), row(found.key)
    assert (new.agent, new.replaces) == (cast.refunder, old)
    assert found.expires_at == new.expires_at == new.created_at + KEY_LIFE
    assert found.former_until == old.expires_at == new.created_at + OVERLAP
    assert lives(cast.refunder_key)
    assert lives(found.key)
    assert epoch() == before + 1, "decisions under way look at their key again"


def test_the_ledger_says_which_key_follows_which_and_no_secret(cast: Cast) -> None:
    before = LedgerEntry.objects.count()
    found = rotated(cast.refunder_key)
    assert LedgerEntry.objects.count() == before + 1
    entry = entries(Event.KEY_ISSUED)[-1]
    assert (entry["actor"], entry["follows"]) == (f"agent:{cast.refunder.pk}", row(cast.refunder_key).pk)
    assert (entry["key"], entry["prefix"], entry["replaces"]) == (row(found.key).pk, found.key[4:12], None)
    assert found.key.split("_", 2)[2] not in str(entry)


def test_an_answer_that_was_lost_is_given_again_while_nobody_used_it(cast: Cast) -> None:
    lost, again = rotated(cast.refunder_key), rotated(cast.refunder_key)
    assert (lives(lost.key), lives(again.key)) == (False, True)
    assert again.expires_at == lost.expires_at
    assert again.former_until == lost.former_until, "asking again gives the old key no more time"
    assert entries(Event.KEY_ISSUED)[-1]["replaces"] == row(lost.key).pk
    use(again.key)
    for key in (cast.refunder_key, again.key):
        with refused(Code.WRONG_STATE):
            rotated(key)
    assert lives(again.key)


def test_another_request_puts_nothing_in_the_place_of_a_successor(cast: Cast) -> None:
    found = rotated(cast.refunder_key)
    with refused(Code.WRONG_STATE):
        rotated(cast.refunder_key, "k-2")
    register.revoke_key(row(found.key), by=BY)
    for request in ("k-1", "k-2"):
        with refused(Code.WRONG_STATE):
            rotated(cast.refunder_key, request)


def test_of_one_line_two_keys_live(cast: Cast) -> None:
    second = rotated(cast.refunder_key).key
    with refused(Code.WRONG_STATE) as caught:
        rotated(second, "k-2")
    assert caught.value.retry_after is not None
    assert 3500 < caught.value.retry_after <= 3601
    give_up_key(caller=caller_of(cast.refunder_key))
    third = rotated(second, "k-2").key
    past_its_overlap(second)
    assert lives(rotated(third, "k-3").key)


def test_a_key_is_no_lost_answer_to_the_request_that_made_it(cast: Cast) -> None:
    second = rotated(cast.refunder_key).key
    with refused(Code.WRONG_STATE):
        rotated(second)
    assert lives(second)


def test_who_gets_no_key_holds_up_no_decision(cast: Cast) -> None:
    """The authority lock is asked for alone by nobody but who gets a key."""
    with CaptureQueriesContext(connection) as seen:
        rotated(cast.refunder_key)
    assert any(ALONE in query["sql"] for query in seen.captured_queries)
    with CaptureQueriesContext(connection) as seen, refused(Code.WRONG_STATE):
        rotated(cast.refunder_key, "k-2")
    assert not any(ALONE in query["sql"] for query in seen.captured_queries)


def test_no_successor_lives_beyond_the_date_that_a_person_set(cast: Cast) -> None:
    start = row(cast.refunder_key).created_at
    end = start + dt.timedelta(days=2)
    first = register.issue_key(cast.refunder, by=BY, expires_at=end)
    second = rotated(first)
    assert second.expires_at == end
    give_up_key(caller=caller_of(first))
    assert rotated(second.key, "k-2").expires_at == end
    short = register.issue_key(cast.refunder, by=BY, expires_at=start + dt.timedelta(minutes=20))
    assert rotated(short, "k-3").former_until == start + dt.timedelta(minutes=20), "and the old one lives no longer"


def test_the_key_of_a_sub_agent_never_outlives_those_of_its_parent(cast: Cast) -> None:
    given = register_sub_agent(
        caller=caller_of(cast.refunder_key), name="drafter", request_key="r", request_hash=b"\x01" * 32
    )
    assert given.key is not None
    own = row(cast.refunder_key)
    found = rotated(given.key)
    assert found.expires_at == own.expires_at
    past_its_overlap(given.key)
    register.revoke_key(own, by=BY)
    assert rotated(found.key, "k-2").expires_at == found.expires_at, "without any above it gets what it has"


def test_who_is_stopped_gets_no_key_and_may_still_give_one_up(cast: Cast) -> None:
    register.change_agent(cast.refunder, state=AgentState.SUSPENDED, by=BY)
    for key in (cast.refunder_key, cast.drafter_key):
        with refused(Code.FORBIDDEN):
            rotated(key)
    register.change_agent(cast.refunder, state=AgentState.ACTIVE, by=BY)
    halt.halt("agent", str(cast.refunder.pk), reason="a test", by=BY)
    for key in (cast.refunder_key, cast.drafter_key):
        with refused(Code.HALTED):
            rotated(key)
    ended = give_up_key(caller=caller_of(cast.refunder_key))
    assert (ended.revoked_at is not None, lives(cast.refunder_key)) == (True, False)


def test_an_agent_ends_its_own_key_at_once_with_one_entry(cast: Cast) -> None:
    caller, before = caller_of(cast.refunder_key), (LedgerEntry.objects.count(), epoch())
    with CaptureQueriesContext(connection) as seen:
        give_up_key(caller=caller)
    assert any(ALONE in query["sql"] for query in seen.captured_queries), "no decision under way commits after it"
    assert (LedgerEntry.objects.count(), epoch()) == (before[0] + 1, before[1] + 1)
    entry = entries(Event.KEY_REVOKED)[-1]
    assert (entry["actor"], entry["key"]) == (f"agent:{cast.refunder.pk}", row(cast.refunder_key).pk)
    with refused(Code.UNAUTHENTICATED):
        give_up_key(caller=caller)
    with refused(Code.UNAUTHENTICATED):
        rotate_key(caller=caller, request_key="k-1")
    assert lives(cast.drafter_key)


def test_the_database_itself_lets_no_key_live_longer_or_follow_what_it_may_not(cast: Cast) -> None:
    first = rotated(cast.refunder_key)
    old, new = row(cast.refunder_key), row(first.key)
    later = [("expires_at = expires_at + interval '1 second'", old.pk), ("expires_at = null", new.pk)]
    for change in (*later, ("ends_by = clock_timestamp()", new.pk), ("replaces_id = null", new.pk)):
        with guarded("PL016"), connection.cursor() as cursor:
            cursor.execute(f"update governance_agentkey set {change[0]} where id = %s", [change[1]])
    whose: dict[str, Any] = {"created_at": new.created_at, "expires_at": new.expires_at, "request_key": "x"}
    dated = AgentKey.objects.get(
        prefix=register.issue_key(cast.refunder, by=BY, expires_at=new.created_at + dt.timedelta(days=1))[4:12]
    )
    strange: list[dict[str, Any]] = [
        {"agent": cast.drafter, "replaces": row(cast.refunder_key)},
        {"agent": cast.refunder, "replaces": new},
        {"agent": cast.refunder, "replaces": dated, "ends_by": dated.ends_by},
        {"agent": cast.refunder, "replaces": dated},
    ]
    for number, more in enumerate(strange):
        with guarded("PL016"):
            AgentKey.objects.create(prefix=f"none{number}", digest=bytes([number]) * 32, **whose, **more)
    with guarded("23505"):
        AgentKey.objects.create(agent=cast.refunder, replaces=old, prefix="none9", digest=b"9" * 32, **whose)
