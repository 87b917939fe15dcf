"""A delegation ticket: who may give it to whom, for what and how long, and how it ends."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import delegate, halt, permit, register
from governance.delegate import end_ticket, issue_ticket
from governance.models import AgentState, LedgerEntry, Permission, Ticket
from governance.policy.tiers import Level
from governance.problems import Code
from governance.record import Event
from tests.cast import BY, Cast, cast
from tests.governance.asking import entries, epoch, guarded, refused
from tests.governance.family import Member, caller_of, expired, hired, lineage, ticket

__all__ = ["cast"]


@pytest.fixture
def translator(cast: Cast) -> Member:
    return hired(cast, "Translator", shared=True, owner=cast.joan)


@pytest.fixture
def refunder(cast: Cast) -> Member:
    return Member(cast.refunder, cast.refunder_key)


def test_a_ticket_names_who_acts_for_whom_in_what_until_when(refunder: Member, translator: Member, cast: Cast) -> None:
    before = LedgerEntry.objects.count()
    given = ticket(refunder, translator, seconds=600)
    assert LedgerEntry.objects.count() == before + 1
    stored = Ticket.objects.get(pk=given.pk)
    assert (stored.parent, stored.child, stored.via, stored.revoked_at) == (cast.refunder, translator.agent, None, None)
    assert (stored.action_types, stored.expires_at - stored.issued_at) == ([cast.refund.pk], dt.timedelta(minutes=10))
    entry = entries(Event.DELEGATED)[-1]
    assert (entry["actor"], entry["ticket"]) == (f"agent:{cast.refunder.pk}", str(given.pk))
    assert (entry["child"], entry["action_types"]) == (str(translator.agent.pk), ["bench.refund"])
    assert lineage(translator.agent, given.pk) == [cast.refunder.pk]


def test_a_ticket_lasts_a_minute_to_a_day(refunder: Member, translator: Member) -> None:
    lasts = [ticket(refunder, translator, seconds=asked) for asked in (1, 60, 86_400, 10**9)]
    assert [(each.expires_at - each.issued_at).total_seconds() for each in lasts] == [60, 60, 86_400, 86_400]


def test_a_child_is_named_by_id_or_by_name(refunder: Member, translator: Member) -> None:
    for number, named in enumerate(("translator", str(translator.agent.pk), str(translator.agent.pk).upper())):
        given = issue_ticket(
            caller=refunder.caller,
            child=named,
            action_types=["bench.refund"],
            seconds=60,
            request_key=f"k-{number}",
            request_hash=b"\x01" * 32,
        )
        assert given.child == translator.agent


def test_only_a_shared_agent_or_ones_own_sub_agent_can_be_given_a_ticket(cast: Cast, refunder: Member) -> None:
    alone = hired(cast, "Alone")
    gone = hired(cast, "Gone", shared=True)
    register.change_agent(gone.agent, state=AgentState.SUSPENDED, by=BY)
    for nobody in (alone, gone, refunder):
        with refused(Code.NOT_FOUND):
            ticket(refunder, nobody)
    assert ticket(refunder, cast.drafter).child == cast.drafter


def test_nobody_delegates_what_it_may_not_do_itself(cast: Cast, refunder: Member, translator: Member) -> None:
    with refused(Code.FORBIDDEN) as caught:
        ticket(refunder, translator, types=("bench.refund", "notice"))
    assert [pointer for pointer, _ in caught.value.fields] == ["/action_types/1"]
    permit.revoke(Permission.objects.get(agent=cast.refunder, action_type=cast.refund), by=BY)
    with refused(Code.FORBIDDEN):
        ticket(refunder, translator)


def test_who_is_halted_or_suspended_delegates_nothing(cast: Cast, refunder: Member, translator: Member) -> None:
    stopped = halt.halt("agent", str(cast.refunder.pk), reason="a test", by=BY)
    with refused(Code.HALTED):
        ticket(refunder, translator)
    halt.lift(stopped, by=BY)
    register.change_agent(cast.refunder, state=AgentState.SUSPENDED, by=BY)
    with refused(Code.FORBIDDEN):
        ticket(refunder, translator)


def test_the_same_request_is_one_ticket_and_another_body_is_refused(refunder: Member, translator: Member) -> None:
    asked = {"caller": refunder.caller, "child": "Translator", "action_types": ["bench.refund"], "seconds": 60}
    first = issue_ticket(**asked, request_key="k", request_hash=b"\x01" * 32)  # type: ignore[arg-type]
    again = issue_ticket(**asked, request_key="k", request_hash=b"\x01" * 32)  # type: ignore[arg-type]
    assert (first.pk, Ticket.objects.count()) == (again.pk, 1)
    with refused(Code.IDEMPOTENCY_BODY_CHANGED):
        issue_ticket(**asked, request_key="k", request_hash=b"\x02" * 32)  # type: ignore[arg-type]


def test_a_ticket_that_rests_on_another_reaches_no_further(cast: Cast, refunder: Member, translator: Member) -> None:
    checker = hired(cast, "Checker", shared=True)
    permit.set_level(translator.agent, cast.cancel, level=Level.L0, by=BY)
    first = ticket(refunder, translator, seconds=600)
    second = ticket(translator, checker, seconds=3600, via=first)
    assert second.expires_at == first.expires_at
    assert lineage(checker.agent, second.pk) == [translator.agent.pk, cast.refunder.pk]
    for wrong in ({"types": (cast.cancel.key,), "via": first}, {"via": second}):
        with refused(Code.DELEGATION_INVALID):
            ticket(translator, checker, **wrong)
    with refused(Code.DELEGATION_INVALID):
        ticket(checker, translator, via=first)
    end_ticket(first.pk, by=refunder.caller)
    with refused(Code.DELEGATION_INVALID):
        ticket(translator, checker, via=first)


@pytest.mark.parametrize("further", ["in time", "in types"])
def test_not_even_sql_lets_a_ticket_reach_further_than_the_one_it_rests_on(
    cast: Cast, refunder: Member, translator: Member, further: str
) -> None:
    first = ticket(refunder, translator)
    checker = hired(cast, "Checker", shared=True)
    ends, types = first.expires_at, list(first.action_types)
    if further == "in time":
        ends += dt.timedelta(seconds=1)
    else:
        types.append(cast.cancel.pk)
    with guarded("PL012"):
        Ticket.objects.create(
            parent=translator.agent,
            child=checker.agent,
            via=first,
            action_types=types,
            issued_at=first.issued_at,
            expires_at=ends,
            request_key="further",
            request_hash=bytes(32),
        )


def test_an_expired_ticket_carries_nothing_further(cast: Cast, refunder: Member, translator: Member) -> None:
    first, checker = expired(refunder, translator, type_id=cast.refund.pk), hired(cast, "Checker", shared=True)
    with refused(Code.DELEGATION_INVALID):
        ticket(translator, checker, via=first)


def test_no_chain_has_a_cycle_by_registry_or_by_tickets(cast: Cast, refunder: Member, translator: Member) -> None:
    register.change_agent(cast.refunder, shared=True, by=BY)
    drafter = Member(cast.drafter, cast.drafter_key)
    with refused(Code.ABOVE_PARENT):
        ticket(drafter, cast.refunder)
    checker = hired(cast, "Checker", shared=True)
    ticket(refunder, translator)
    last = ticket(translator, checker)
    for lower in (translator, checker):
        with refused(Code.ABOVE_PARENT):
            ticket(lower, cast.refunder)
    end_ticket(last.pk, by=translator.caller)
    ticket(checker, cast.refunder)


def test_what_has_expired_closes_no_cycle(cast: Cast, refunder: Member, translator: Member) -> None:
    register.change_agent(cast.refunder, shared=True, by=BY)
    expired(refunder, translator, type_id=cast.refund.pk)
    assert ticket(translator, cast.refunder).child == cast.refunder


def test_what_rests_on_an_ended_ticket_closes_no_cycle_any_more(
    cast: Cast, refunder: Member, translator: Member
) -> None:
    checker = hired(cast, "Checker", shared=True)
    first = ticket(refunder, translator)
    ticket(translator, checker, via=first)
    with refused(Code.ABOVE_PARENT):
        ticket(checker, translator)
    end_ticket(first.pk, by=refunder.caller)
    ticket(checker, translator)
    with refused(Code.ABOVE_PARENT):
        ticket(translator, checker)


def test_an_agent_is_moved_under_nobody_who_acts_for_it(cast: Cast, refunder: Member, translator: Member) -> None:
    ticket(refunder, translator)
    with guarded("PL012"), connection.cursor() as cursor:
        cursor.execute(
            "update governance_agent set parent_id = %s where id = %s", [translator.agent.pk, cast.refunder.pk]
        )


def test_no_chain_of_tickets_has_a_ninth_link(cast: Cast, refunder: Member) -> None:
    links, via = [refunder], None
    for number in range(2, 10):
        links.append(hired(cast, f"Link {number}", shared=True))
        if number == 9:
            with refused(Code.ABOVE_PARENT):
                ticket(links[-2], links[-1], via=via)
        else:
            via = ticket(links[-2], links[-1], via=via)
    assert via is not None
    assert len(lineage(links[-2].agent, via.pk)) == 7


def test_an_end_is_seen_by_every_decision_under_way(refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    before = epoch()
    ended = end_ticket(given.pk, by=refunder.caller)
    assert (ended.revoked_at is not None, epoch()) == (True, before + 1)
    assert entries(Event.DELEGATION_ENDED)[-1]["ticket"] == str(given.pk)
    again = end_ticket(given.pk, by=refunder.caller)
    assert (again.revoked_at, len(entries(Event.DELEGATION_ENDED))) == (ended.revoked_at, 1)


def test_who_gave_it_or_answers_for_them_ends_a_ticket(cast: Cast, refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    for caller in (translator.caller, caller_of(cast.drafter_key)):
        with refused(Code.NOT_FOUND):
            end_ticket(given.pk, by=caller)
    with refused(Code.NOT_FOUND):
        end_ticket(uuid4(), by=refunder.caller)
    for person in (cast.ada, cast.edith, cast.mallory, cast.sudo):
        with refused(Code.FORBIDDEN):
            end_ticket(given.pk, by=person)
    for person in (cast.mary, cast.joan):  # the owner, who also sits in the council, and the council
        another = ticket(refunder, translator)
        assert end_ticket(another.pk, by=person).revoked_at is not None


def test_unsharing_is_a_narrowing_and_sharing_a_widening(cast: Cast, translator: Member) -> None:
    before = epoch()
    register.change_agent(translator.agent, shared=False, by=BY)
    assert epoch() == before + 1
    register.change_agent(translator.agent, shared=True, by=BY)
    assert epoch() == before + 1
    assert [entry["widening"] for entry in entries(Event.AGENT_CHANGED)[-2:]] == [False, True]


def test_an_agent_has_a_bounded_number_in_force(
    cast: Cast, refunder: Member, translator: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delegate, "MOST_IN_FORCE", 2)
    expired(refunder, translator, type_id=cast.refund.pk)
    first, _ = ticket(refunder, translator), ticket(refunder, translator)
    with refused(Code.FORBIDDEN):
        ticket(refunder, translator)
    end_ticket(first.pk, by=refunder.caller)
    ticket(refunder, translator)


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = expires_at + interval '1 hour', revoked_at = clock_timestamp()",
        "expires_at = expires_at + interval '1 hour'",
        "action_types = action_types || 1::bigint, revoked_at = clock_timestamp()",
        "child_id = parent_id",
        "via_id = id, revoked_at = clock_timestamp()",
        "request_key = 'another', revoked_at = clock_timestamp()",
        "revoked_at = null",
    ],
)
def test_the_terms_of_a_ticket_are_fixed(refunder: Member, translator: Member, change: str) -> None:
    given = ticket(refunder, translator)
    with guarded("PL013"), connection.cursor() as cursor:
        cursor.execute(f"update governance_ticket set {change} where id = %s", [given.pk])


def test_an_ended_ticket_never_comes_back(refunder: Member, translator: Member) -> None:
    given = end_ticket(ticket(refunder, translator).pk, by=refunder.caller)
    for change in ("revoked_at = null", "revoked_at = clock_timestamp()"):
        with guarded("PL013"), connection.cursor() as cursor:
            cursor.execute(f"update governance_ticket set {change} where id = %s", [given.pk])
    with guarded("PL013"), connection.cursor() as cursor:
        cursor.execute("delete from governance_ticket where id = %s", [given.pk])


def test_ending_what_is_not_ones_own_holds_up_no_decision(cast: Cast, refunder: Member, translator: Member) -> None:
    given = ticket(refunder, translator)
    for whose, which in ((translator, uuid4()), (translator, given.pk)):
        with CaptureQueriesContext(connection) as asked, refused(Code.NOT_FOUND):
            end_ticket(which, by=whose.caller)
        assert not any("pg_advisory" in each["sql"] for each in asked)
    with CaptureQueriesContext(connection) as asked:
        end_ticket(given.pk, by=refunder.caller)
    assert any("pg_advisory" in each["sql"] for each in asked)
