from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from governance import audit, halt
from governance.models import LedgerEntry
from governance.record import Event, append
from tests.cast import BY, Cast
from tests.support.fixtures import Committed


def test_an_untouched_ledger_is_sound(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    found = audit.verify()
    assert found.sound
    assert found.entries == LedgerEntry.objects.count() > 10
    call_command("audit", "verify")
    printed = capsys.readouterr().out
    assert f"{found.entries} entries" in printed
    assert "until the ledger is sealed, a missing entry cannot be proved" in printed


def test_an_empty_ledger_is_sound(db: None) -> None:
    assert audit.verify() == audit.Audit(entries=0, last=0, gaps=0, first_bad=None)


def test_a_ledger_of_several_chunks_is_read_to_its_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "CHUNK", 7)
    assert audit.verify().entries == LedgerEntry.objects.count()


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'halted'",
        "actor = 'user:mallory'",
        "body = 'forged'",
        "at = at + interval '1 microsecond'",
        "leaf = sha256('forged')",
    ],
)
def test_any_altered_part_of_an_entry_is_found_and_located(
    committed_cast: Cast, committed: Committed, change: str
) -> None:
    victim = LedgerEntry.objects.order_by("seq")[5].seq
    later = LedgerEntry.objects.order_by("seq")[9].seq
    with committed.connect(role="admin") as forger:
        forger.execute("alter table governance_ledgerentry disable trigger all")
        for seq in (later, victim):
            forger.execute(f"update governance_ledgerentry set {change} where seq = %s", [seq])
        forger.execute("alter table governance_ledgerentry enable trigger all")
    assert audit.verify().first_bad == victim
    with pytest.raises(CommandError, match=f"Entry {victim} was altered") as failure:
        call_command("audit", "verify")
    assert failure.value.returncode == 2


def test_two_entries_that_change_places_are_found(committed_cast: Cast, committed: Committed) -> None:
    with committed.connect(role="admin") as forger:
        forger.execute("alter table governance_ledgerentry disable trigger all")
        forger.execute("update governance_ledgerentry set seq = -seq where seq in (3, 4)")
        forger.execute("update governance_ledgerentry set seq = 7 + seq where seq in (-3, -4)")
    assert audit.verify().first_bad == 3


def test_a_gap_is_counted_but_proves_nothing_yet(cast: Cast) -> None:
    before = audit.verify()
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('governance_ledgerentry', 'seq'))")
    halt.halt("enterprise", "acme", reason="one", by=BY)
    after = audit.verify()
    assert after.sound
    assert after.gaps == before.gaps + 1


def test_an_entry_outside_a_transaction_is_refused(committed: Committed) -> None:
    with pytest.raises(RuntimeError, match="transaction of its change"):
        append(event=Event.HALTED, actor="user:mary", body={})
