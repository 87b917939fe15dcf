"""The ring of a budget counts the same in the database and in the policy that reasons about it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from governance.policy.velocity import BUCKETS, SLOTS, frees_at, live, written

WIDTH = 1_440_000
HEAD = 1_240_000
DISTANCES = [-62, -61, -60, -1, 0, 1, 2, 30, 59, 60, 61, 62, 121, 122, 500]


def rings(distance: int) -> list[tuple[int, list[int]]]:
    """Heads at every place of the ring, with slots that are full, sparse, empty, or hold one amount at an edge."""
    chance = random.Random(distance)
    found = []
    for head in range(HEAD, HEAD + SLOTS, 7):
        found += [
            (head, [chance.randint(0, 5) for _ in range(SLOTS)]),
            (head, [chance.choice((0, 0, 0, 1, 40)) for _ in range(SLOTS)]),
            (head, [0] * SLOTS),
        ]
        for place in (head, head - 1, head - BUCKETS, head - BUCKETS + 1):
            found.append((head, [7 if number == place % SLOTS else 0 for number in range(SLOTS)]))
    return found


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_database_counts_writes_and_frees_as_the_policy_does(db: None, distance: int) -> None:
    with connection.cursor() as cursor:
        for head, slots in rings(distance):
            now = head + distance
            total = live(head, slots, now)
            cursor.execute("select placet_ring_live(%s, %s, %s)", [head, slots, now])
            assert cursor.fetchone() == (total,)
            cursor.execute("select placet_ring_add(%s, %s, %s, 3)", [head, slots, max(head, now)])
            assert cursor.fetchone() == (written(head, slots, now, 3)[1],)
            for room in {0, 1, total // 2, total - 1, total, total + 1} - {-1}:
                cursor.execute("select placet_ring_frees_at(%s, %s, %s, %s, %s)", [head, slots, WIDTH, now, room])
                expected = frees_at(head, slots, now, WIDTH, room + 5, 5)
                assert expected is not None
                (found,) = cursor.fetchone()
                assert found == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=expected)
