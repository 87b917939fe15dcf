"""Connectors by name, as operators configured them."""

from __future__ import annotations

from typing import Any

import pytest

from governance.records import registry
from governance.records.protocol import SENTENCES, Connector, Outage, Rows, Unavailable
from tests.governance.records.memory import Memory
from tests.governance.records.support import Database, fetch, reason


@pytest.fixture(autouse=True)
def forgotten(settings: Any) -> Any:
    settings.PLACET_CONNECTORS = {}
    yield settings
    settings.PLACET_CONNECTORS = {}
    for name in ("records", "broken"):
        registry.connector(name)


def test_a_name_nobody_configured_is_never_available() -> None:
    found = fetch(registry.connector("records"))
    assert reason(found) is Outage.NOT_CONFIGURED


def test_an_address_that_is_none_is_not_configured(forgotten: Any) -> None:
    forgotten.PLACET_CONNECTORS = {"broken": "postgresql://[half"}
    assert reason(fetch(registry.connector("broken"))) is Outage.NOT_CONFIGURED


def test_one_connector_is_kept_until_its_address_changes(forgotten: Any, database: Database) -> None:
    forgotten.PLACET_CONNECTORS = {"records": database.reader_url}
    first = registry.connector("records")
    assert registry.connector("records") is first
    assert isinstance(fetch(first, "pg_catalog.pg_namespace", by="nspname", key="public"), Rows)
    forgotten.PLACET_CONNECTORS = {"records": "postgresql://reader@127.0.0.1:1/records"}
    second = registry.connector("records")
    assert second is not first
    assert reason(fetch(second)) is Outage.UNREACHABLE


def test_every_outage_has_a_sentence_that_names_nothing() -> None:
    assert set(SENTENCES) == set(Outage)
    for outage in Outage:
        assert Unavailable(outage, "records").sentence.endswith(".")


def test_any_connector_keeps_the_same_promise() -> None:
    memory: Connector = Memory({"shop.orders": [{"record_id": "O-1"}]})
    assert isinstance(fetch(memory), Rows)
    assert reason(fetch(Memory({}, Outage.TIMEOUT))) is Outage.TIMEOUT
