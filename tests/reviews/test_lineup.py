"""Whatever agents state of a trace, each of its actions stands in the tree exactly once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviews.lineup import DEEPEST, lined_up

spans = st.sampled_from([f"{number:016x}" for number in range(1, 7)])


@given(st.lists(st.tuples(spans, spans | st.just("")), max_size=12))
def test_each_action_comes_out_once_whatever_was_stated(stated: list[tuple[str, str]]) -> None:
    found = lined_up(stated)
    assert sorted(place for place, _ in found) == list(range(len(stated)))
    assert all(0 <= depth <= DEEPEST for _, depth in found)


def test_a_tree_is_read_from_top_to_bottom_in_the_order_of_time() -> None:
    stated = [("a", ""), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "nobody"), ("f", "c")]
    order = [(stated[place][0], depth) for place, depth in lined_up(stated)]
    assert order == [("a", 0), ("b", 1), ("d", 2), ("c", 1), ("f", 2), ("e", 0)]


def test_who_names_itself_or_stands_in_a_ring_stands_at_the_top() -> None:
    assert lined_up([("a", "a")]) == [(0, 0)]
    assert lined_up([("a", "b"), ("b", "a"), ("c", "b")]) == [(0, 0), (1, 1), (2, 2)]


def test_a_long_line_is_walked_and_ends_in_depth_at_twelve() -> None:
    line = [(str(number), str(number - 1)) for number in range(5_000)]
    found = lined_up(line)
    assert [place for place, _ in found] == list(range(5_000))
    assert (found[11][1], found[12][1], found[-1][1]) == (11, 12, DEEPEST)
