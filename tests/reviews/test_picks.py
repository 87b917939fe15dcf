"""What the queue reads: each filter is a range of the index that it names, whatever the statistics say."""

from __future__ import annotations

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
