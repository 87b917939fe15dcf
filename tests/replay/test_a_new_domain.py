"""A folder nobody has seen, and records that a file alone connects: the very file of the documentation."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance import genesis
from governance.models import ActionType, Decision
from governance.policy.tiers import Tier
from reviews.models import Escalation
from reviews.verify import verify
from tests.replay.recorded import call, folder
from tests.support.fixtures import Committed, Records
from tests.support.live import Servers

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "recorded-runs.md"
RECORDS = {
    "shop2": {
        "orders": {
            "A-1": {"customer_id": "c-1", "paid": 12.5, "status": "paid"},
            "A-2": {"customer_id": "c-2", "paid": 12.5, "status": "paid"},
        }
    }
}


def refund(session: str, order: str, amount: float) -> list[dict[str, Any]]:
    """Customer c-1 is looked up, then an order is refunded."""
    looked_up = call(0, session_id=session, tool="find_customer", is_write=False, observation="c-1", arguments={})
    return [looked_up, call(1, session_id=session, arguments={"order_id": order, "amount": amount})]


CALLS = [*refund("own", "A-1", 4.0), *refund("others", "A-2", 4.0), *refund("much", "A-1", 12.51)]


def replay(at: Path, url: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("replay", str(at), url=url, json=True, stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


@pytest.fixture
def url(committed: Committed, records: Records, servers: Servers) -> str:
    genesis.genesis(demo=True, ceiling=Tier.EXECUTE)
    return servers.start("api")


def test_a_new_domain_of_records_is_connected_by_a_file_alone(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    (tmp_path / "shop2.yaml").write_text(block[1], encoding="utf-8")
    genesis_types = set(ActionType.objects.values_list("key", flat=True))
    call_command("import_catalogue", str(tmp_path / "shop2.yaml"), stdout=io.StringIO())
    assert set(ActionType.objects.values_list("key", flat=True)) - genesis_types == {"shop2.refund"}
    answer = replay(folder(tmp_path / "runs", CALLS, records=RECORDS), url)
    outcomes = dict(Decision.objects.values_list("action__run", "outcome"))
    assert outcomes == {"own": "execute", "others": "escalate", "much": "escalate"}
    assert answer["mismatches"] == 2
    # what an earlier replay found is not told as found by one that nobody answered
    monkeypatch.setattr("reviews.replay.send.ATTEMPTS", 1)
    out = io.StringIO()
    with pytest.raises(CommandError, match="were not answered"):
        call_command("replay", str(tmp_path / "runs"), url="http://127.0.0.1:9", json=True, stdout=out)
    assert json.loads(out.getvalue())["mismatches"] == 0


def test_without_a_binding_every_write_is_a_case_about_nothing_verified(url: str, tmp_path: Path) -> None:
    answer = replay(folder(tmp_path, CALLS, records=RECORDS), url)
    assert answer["outcomes"]["escalate"] == answer["writes"] == 3
    assert {verify(case.pk).status for case in Escalation.objects.all()} == {"unbound"}
    again = replay(tmp_path, url)
    assert (again["outcomes"], Escalation.objects.count()) == (answer["outcomes"], 3)
