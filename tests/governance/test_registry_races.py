from __future__ import annotations

import threading
from collections import Counter

from governance import audit
from governance.models import LedgerEntry
from tests.cast import Cast
from tests.governance.racers import MOVES, race
from tests.support.fixtures import Committed

EDITS = 40
ABOVE = """
    select count(*) from governance_scope c join governance_scope p on p.id = c.parent_id where c.ceiling > p.ceiling
    union all
    select count(*) from governance_agent c join governance_agent p on p.id = c.parent_id where c.max_tier > p.max_tier
"""


def test_while_four_processes_edit_nobody_ever_sees_a_child_above_its_parent(
    committed_cast: Cast, committed: Committed
) -> None:
    seen: Counter[int] = Counter()
    done = threading.Event()

    def watch() -> None:
        with committed.connect() as watcher:
            while not done.is_set():
                seen.update(int(row[0]) for row in watcher.execute(ABOVE))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        happened = race(processes=4, edits=EDITS)
    finally:
        done.set()
        watcher.join()
    # nothing but edits and refusals: no deadlock, no error of the database
    assert set(happened) <= {*MOVES, "above_parent"}
    assert all(happened[move] for move in MOVES)
    assert set(seen) == {0}
    assert audit.verify().entries == LedgerEntry.objects.count()
