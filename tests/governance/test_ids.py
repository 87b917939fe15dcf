"""Ids that tell age."""

from __future__ import annotations

import time
from uuid import RFC_4122, UUID

from governance.ids import ordered_id


def test_an_id_of_a_later_millisecond_sorts_behind() -> None:
    made = []
    for _ in range(20):
        made.append(ordered_id())
        begun = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 == begun:
            pass
    assert made == sorted(made)


def test_ids_of_one_moment_differ_and_are_what_the_standard_calls_version_seven() -> None:
    made = [ordered_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {(each.version, each.variant) for each in made} == {(7, RFC_4122)}
    seconds = [(each.int >> 80) / 1000 for each in made]
    assert abs(seconds[0] - time.time()) < 3600
    assert UUID(str(made[0])) == made[0]
