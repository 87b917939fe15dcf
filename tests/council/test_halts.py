from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User

from governance import halt
from governance.models import Halt, LedgerEntry
from tests.cast import Cast
from tests.council.conftest import Desk, errors


def test_an_agent_is_halted_by_name_and_lifted_from_the_list(cast: Cast, desk: Desk) -> None:
    fields = {"target": "agent", "key": "Refunder", "reason": "odd refunds"}
    assert desk.send("governance/halt/add/", fields).status_code == 302
    row = Halt.objects.get()
    assert (row.key, row.halted_by) == (str(cast.refunder.pk), "user:mary")
    assert desk.act("governance/halt/", "lift", row.pk).status_code == 302
    row.refresh_from_db()
    assert row.lifted_by == "user:mary"
    assert desk.act("governance/halt/", "lift", row.pk).status_code == 302


def test_what_is_not_there_comes_back_as_an_error(cast: Cast, desk: Desk) -> None:
    fields = {"target": "agent", "key": "Nobody", "reason": "one"}
    assert "nothing of this name" in errors(desk.send("governance/halt/add/", fields))


def test_a_halt_is_read_only_once_declared(cast: Cast, desk: Desk) -> None:
    row = halt.halt("enterprise", "acme", reason="one", by=cast.mary)
    path = f"governance/halt/{row.pk}/change/"
    assert "one" in desk.open(path).content.decode()
    assert desk.send(path, {"reason": "two"}).status_code == 403


def test_an_auditor_neither_halts_nor_lifts_here(cast: Cast, sign_in: Callable[[User], Desk]) -> None:
    row = halt.halt("enterprise", "acme", reason="one", by=cast.mary)
    desk = sign_in(cast.edith)
    assert desk.act("governance/halt/", "lift", row.pk).status_code == 403
    assert desk.browser.get("/council/governance/halt/add/").status_code == 403


def test_the_ledger_is_read_and_never_written_here(cast: Cast, desk: Desk, sign_in: Callable[[User], Desk]) -> None:
    entry = LedgerEntry.objects.latest("pk")
    for person in (cast.mary, cast.edith):
        at = sign_in(person)
        page = at.open("governance/ledgerentry/").content.decode()
        assert "person_enrolled" in page
        one = at.open(f"governance/ledgerentry/{entry.pk}/change/").content.decode()
        assert bytes(entry.leaf).hex() in one
        assert at.browser.get("/council/governance/ledgerentry/add/").status_code == 403
        assert at.send(f"governance/ledgerentry/{entry.pk}/change/", {"kind": "x"}).status_code == 403
        assert at.send(f"governance/ledgerentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_ledger_is_filtered_by_kind(cast: Cast, desk: Desk) -> None:
    page = desk.open("governance/ledgerentry/?kind=instance_born").content.decode()
    assert "1 ledger entry" in page
    assert desk.open("governance/ledgerentry/?kind=nonsense").status_code == 200


def test_no_page_of_the_desk_deletes_anything(cast: Cast, desk: Desk) -> None:
    for path in (
        f"governance/scope/{cast.refunds.pk}",
        f"governance/agent/{cast.drafter.pk}",
        f"governance/actiontype/{cast.refund.pk}",
        f"governance/mandate/{cast.ada.mandate.pk}",
        f"auth/user/{cast.ada.pk}",
    ):
        assert desk.send(f"{path}/delete/", {"post": "yes"}).status_code == 403
        assert "deletelink" not in desk.open(f"{path}/change/").content.decode()
    assert "delete_selected" not in desk.open("governance/agent/").content.decode()


def test_every_page_of_the_desk_keeps_the_strict_policy(cast: Cast, desk: Desk) -> None:
    """No inline script, style or handler, so that the policy needs no exception."""
    pages = ["", "governance/scope/", "governance/scope/add/", "governance/actiontype/import/", "auth/user/add/"]
    pages += [f"governance/agent/{cast.drafter.pk}/change/", f"governance/mandate/{cast.ada.mandate.pk}/change/"]
    for path in pages:
        answer = desk.open(path)
        text = answer.content.decode()
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert " style=" not in text, path
        assert "<style" not in text, path
        assert " onclick=" not in text, path
        for script in text.split("<script")[1:]:
            tag, _, _ = script.partition(">")
            assert "src=" in tag or "application/json" in tag, (path, tag)
