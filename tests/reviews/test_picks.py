"""What the queue reads: each filter is a range of the index that it names, whatever the statistics say."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from governance.locks import database_now
from reviews import picks
from reviews.picks import Cursor, Filters
from tests.cast import Cast

BEHIND = Cursor(1, UUID(int=1))
TYPE, DOMAIN = "bench.refund", "service"


def plan(statement: str, values: dict[str, Any]) -> str:
    """How it is read when no table is so small that reading it whole is best, as in a test."""
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        cursor.execute(f"explain {statement}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("after", [None, BEHIND], ids=["first page", "next page"])
@pytest.mark.parametrize("overdue", [False, True], ids=["any time", "overdue"])
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "escalation_queue"),
        ({"rank": 2}, "escalation_queue_of_rank"),
        ({"risk": 1}, "escalation_queue_of_rank"),
        ({"action_type": TYPE}, "escalation_queue_of_type"),
        ({"action_type": TYPE, "risk": 3}, "escalation_queue_of_type"),
        ({"domain": DOMAIN}, "escalation_queue_of_domain"),
        ({"domain": DOMAIN, "rank": 1}, "escalation_queue_of_domain"),
        ({"domain": DOMAIN, "action_type": TYPE, "rank": 1}, "escalation_queue_of_both"),
    ],
)
def test_a_filter_is_a_range_of_its_index(
    cast: Cast, filters: dict[str, Any], index: str, overdue: bool, after: Cursor | None
) -> None:
    asked = Filters(**filters, overdue=overdue)
    told = plan(*picks.picked(asked, viewer=cast.ada.pk, now=database_now(), after=after, most=51))
    assert f" using {index} on reviews_escalation e" in told
    assert "Sort" not in told.split("reviews_escalation e")[0].split("Limit")[-1], "the index gives the order"
    left = [line for line in told.splitlines() if "Filter:" in line]
    assert not any(column in line for line in left for column in ("rank", "risk", "_type", "domain", "sort_key")), told


def test_each_count_beside_a_filter_is_a_range_of_an_index(cast: Cast) -> None:
    values = {"most": 100, "ranks": [1, 2], "risks": [1, 2], "viewer": cast.ada.pk, "now": database_now(), "overdue": 9}
    told = plan(picks._CHOICES, values)
    for index in (
        "queue",
        "queue_of_type",
        "queue_of_(domain|both)",
        "queue_of_rank",
        "taken",
    ):  # both: by domain first
        assert re.search(f" using escalation_{index} on reviews_escalation e", told), index
    assert "Filter:" not in "".join(line for line in told.splitlines() if "sort_key" in line or "rank" in line)


@pytest.mark.parametrize(("types", "index"), [(None, "queue_of_owners"), ((1, 2), "queue_of_type")])
def test_the_next_free_case_is_the_first_of_few_ranges(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, types: tuple[int, ...] | None, index: str
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(statement: str, values: dict[str, Any], *, anew: bool) -> list[Any]:
        assert anew, "planned for one reviewer it would be read through for another"
        asked.append((statement, values))
        return []

    monkeypatch.setattr("reviews.picks.rows.fetch", note)
    reach = picks.Reach(rank=2, risk=2, money=10_000, now=database_now(), types=types)
    picks.free_cases(viewer=cast.ada.pk, besides=(), reach=reach, most=2)
    told = plan(*asked[0])
    assert f" using escalation_{index} on reviews_escalation e" in told
    (read,) = [line for line in told.splitlines() if "ROW(" in line and "sort_key) >=" in line]
    assert "Index Cond" in read
