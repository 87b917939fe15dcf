from __future__ import annotations

import pytest

from governance.locks import database_now
from governance.models import ToolReading
from governance.problems import Code
from governance.seeded import seed_readings
from tests import cast as people
from tests.cast import Cast
from tests.governance.asking import refused


def test_no_reading_is_seeded_where_no_demo_was_born(cast: Cast) -> None:
    with refused(Code.FORBIDDEN):
        seed_readings(["refund_api"])
    assert not ToolReading.objects.exists()


@pytest.mark.django_db
def test_a_demo_seeds_what_nobody_has_heard_of_and_nothing_twice() -> None:
    people.build(demo=True)
    ToolReading.objects.create(tool="known", good=False, source="report", read_at=database_now())
    seed_readings(["known", "fresh"])
    seed_readings(["known", "fresh"])
    assert ToolReading.objects.filter(tool="known").count() == 1
    fresh = ToolReading.objects.filter(tool="fresh")
    assert {(each.good, each.source) for each in fresh} == {(True, "seed")}
    assert fresh.count() == 20
