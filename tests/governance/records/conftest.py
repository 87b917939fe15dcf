from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.services.stack import Endpoints
from governance.records.load import load_folder
from governance.records.postgresql import PostgresConnector
from tests.governance.records.support import Database
from tests.support import templates


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded agent runs; a clone without it skips what is proven with it."""
    folder = None if settings.PLACET_DATA is None else settings.PLACET_DATA / "agent_runs"
    if folder is None or not folder.is_dir():
        pytest.skip("needs the recorded agent runs: set PLACET_DATA")
    return folder


@pytest.fixture(scope="module")
def database(services: Endpoints) -> Iterator[Database]:
    """A database of records for the tests of one module: the owner loads it, the reader reads it."""
    with templates.empty_records(services.access) as name:
        access = services.access
        yield Database(access.url("owner", name), access.url("reader", name), access.url("admin", name))


@pytest.fixture(scope="module")
def connector(database: Database) -> Iterator[PostgresConnector]:
    opened = PostgresConnector("records", database.reader_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def replayed(recorded: Path, database: Database) -> Database:
    """The database with all recorded systems loaded."""
    load_folder(recorded / "records", owner_url=database.owner_url, reader=database.reader)
    return database


@pytest.fixture(scope="session")
def claim_sets(recorded: Path) -> list[dict[str, Any]]:
    with gzip.open(recorded / "claims.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
