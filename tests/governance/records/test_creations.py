"""What creates a record has none to be read: it is held against those whom it concerns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.policy.facts import Result
from governance.records.evaluate import evaluate
from governance.records.parse import parse_binding
from governance.records.protocol import Outage
from governance.records.reading import Reading, Status
from reviews.asides import asides
from reviews.shown import Lens
from tests.governance.records.memory import Memory
from tests.governance.records.support import entry, named
from tests.governance.records.test_parse import problems

KNOWN = "ada@example.org"
TABLES: dict[str, list[dict[str, Any]]] = {
    "workbench.emails": [{"sender_recipient": KNOWN}, {"sender_recipient": KNOWN}],
    "workbench.events": [{"participant_email": KNOWN}],
    "dojo_workspace.inbox": [{"record_id": "inbox", "contact_list": [{"email": KNOWN}]}],
    "dojo_workspace.cloud_drive": [{"record_id": "cloud_drive", "files": {"1": {"id_": "1", "filename": "plan.txt"}}}],
    "dojo_slack.slack": [{"record_id": "slack", "users": ["ada", "bob"]}],
}
MAIL = "workbench.email.send_email"
EVENT = "workbench.calendar.create_event"


def made(key: str, outage: Outage | None = None, sealed: dict[str, str] | None = None, **parameters: Any) -> Reading:
    _, binding = entry(key)
    memory = Memory(TABLES, outage)
    return evaluate(binding, memory, parameters=parameters, claims={}, subject=None, sealed=sealed)


def test_an_email_is_held_against_whom_the_mailbox_knows() -> None:
    known, unknown = made(MAIL, recipient=[KNOWN]), made(MAIL, recipient=[KNOWN, "eve@example.org"])
    assert known.status is unknown.status is Status.OK
    assert str(known.sentence) == "Send an e-mail, number of addressees: 1."
    assert named(known)["known"].result is Result.AGREES
    assert named(unknown)["known"].result is Result.UNVERIFIABLE
    assert named(known)["known"].source == known.source == "records:workbench.emails"


def test_a_binding_that_reads_nothing_says_nothing() -> None:
    """None can be saved; were there one, there would be no time at which its facts were read."""
    _, binding = entry("dojo.create_file")
    empty = replace(binding, record=None, joins={})
    reading = evaluate(empty, Memory(TABLES, None), parameters={}, claims={}, subject=None, sealed=None)
    assert reading.status is Status.UNAVAILABLE
    assert {fact.result for fact in reading.facts} == {Result.UNREACHABLE}


def test_who_is_invited_is_no_member_yet() -> None:
    new, known = (named(made("dojo.invite_user_to_slack", user=user))["already"] for user in ("eve", "bob"))
    assert (new.result, new.recorded) == (Result.AGREES, 0)
    assert (known.result, known.recorded) == (Result.DIFFERS, 1)


def test_a_file_is_made_where_none_is_called_so() -> None:
    new, known = (
        named(made("dojo.create_file", sealed={"filename": name}))["twins"] for name in ("new.txt", "plan.txt")
    )
    assert (new.result, known.result) == (Result.AGREES, Result.DIFFERS)
    assert (new.claimed, known.claimed) == (None, None)


def test_what_is_counted_in_the_request_is_not_said_to_be_recorded_anywhere() -> None:
    assert named(made(MAIL, recipient=[KNOWN]))["many"].source == "the request"


def test_what_is_made_anew_has_nothing_before_it() -> None:
    reading = made(EVENT, participant_email=KNOWN, event_start="2023-12-01 09:00:00", duration="30")
    told = [
        (each.label, *("".join(piece.text for piece in side) for side in (each.now, each.then)))
        for each in asides({"lines": reading.lines}, Lens())
    ]
    assert ("Minutes", "nothing", "30") in told


def test_without_the_system_of_record_nothing_is_known_of_it_either() -> None:
    reading = made(MAIL, Outage.UNREACHABLE, recipient=[KNOWN])
    assert reading.status is Status.UNAVAILABLE
    assert {fact.result for fact in reading.facts} == {Result.UNREACHABLE}


@pytest.mark.parametrize("field", ["cc", "bcc"])
def test_copies_to_strangers_count_as_much_as_recipients(field: str) -> None:
    copied: dict[str, Any] = {field: ["eve@example.org"]}
    facts = named(made("dojo.send_email", recipients=[KNOWN], **copied))
    copies = facts["copies" if field == "cc" else "blind_copies"]
    assert (facts["known"].result, copies.result, copies.required) == (Result.AGREES, Result.UNVERIFIABLE, True)


def test_a_file_that_is_attached_stands_among_the_facts() -> None:
    attached = named(made("dojo.send_email", recipients=[KNOWN], sealed={"attachments/0": "1"}))["files"]
    assert (attached.result, attached.required) == (Result.AGREES, True)
    assert not named(made("dojo.send_email", recipients=[KNOWN]))["files"].required


def binding(**changes: Any) -> dict[str, Any]:
    return {
        "action_type": "shop.make",
        "connector": "records",
        "joins": {"others": {"table": "shop.orders", "many": True, "by": {"customer_id": "parameters.customer_id"}}},
        "values": {"known": "others.customer_id"},
        "facts": [{"name": "known", "value": "known", "claim": "parameters.customer_id", "compare": "subset"}],
        **changes,
    }


def test_a_binding_without_a_record_reads_something_else_and_names_no_column_of_it() -> None:
    assert not isinstance(parse_binding(binding()), list)
    nothing = problems(binding(joins={}, values={"known": "parameters.customer_id"}))
    assert set(nothing) == {"binding.record"}
    column = problems(binding(values={"known": "status"}))
    assert column == {"binding.record": "Without a record there is no column status."}
