"""Reading of configuration documents: all problems, each at its place, none of which repeats what was written."""

from __future__ import annotations

import re

from governance.policy.documents import MAX_PROBLEMS, DocumentProblem, Node

NAMES = re.compile(r"[a-z]+")


def test_a_problem_reads_as_place_and_sentence() -> None:
    assert str(DocumentProblem("caps[1].window", "A window is expected.")) == "caps[1].window: A window is expected."


def test_places_are_paths_through_mappings_and_lists() -> None:
    node = Node({"caps": [{"key": "run"}, {"key": 7}]}, "action_types[0]")
    for cap in node.at("caps").items(5):
        cap.at("key").text(NAMES, "A word is expected.")
    assert [problem.path for problem in node.problems] == ["action_types[0].caps[1].key"]


def test_nothing_there_is_absent_and_no_problem() -> None:
    node = Node({}, "")
    assert node.at("a").at("b").absent
    assert node.at("a").items(5) == []
    assert node.at("a").entries(NAMES, 5) == {}
    assert node.at("a").text(NAMES, "A word.", "default") == "default"
    assert node.at("a").flag(True) is True
    assert node.at("a").choice(("x", "y"), "y") == "y"
    assert node.problems == []


def test_null_is_there_and_is_wrong() -> None:
    node = Node({"a": None}, "")
    assert not node.at("a").absent
    node.at("a").flag()
    node.at("a").items(5)
    node.at("a").entries(NAMES, 5)
    assert [problem.path for problem in node.problems] == ["a", "a", "a"]


def test_unknown_and_missing_keys_are_told_but_a_hostile_key_is_not_repeated() -> None:
    node = Node({"extra": 1, "<script>": 2, 7: 3}, "here")
    node.fields(required=("needed",), optional=("wanted",))
    details = [problem.detail for problem in node.problems]
    assert details == [
        "extra is not known here; possible are needed, wanted.",
        "? is not known here; possible are needed, wanted.",
        "? is not known here; possible are needed, wanted.",
        "needed is missing.",
    ]


def test_names_lists_and_mappings_are_bounded() -> None:
    node = Node({"many": {"a": 1, "b": 2}, "named": {"Bad": 1, "good": 2}, "long": [1, 2, 3]}, "")
    assert node.at("many").entries(NAMES, 1) == {}
    assert list(node.at("named").entries(NAMES, 5)) == ["good"]
    assert node.at("long").items(2) == []
    assert [problem.path for problem in node.problems] == ["many", "named", "long"]


def test_the_problems_are_bounded_too() -> None:
    node = Node({str(number): 1 for number in range(1000)}, "")
    node.fields()
    assert len(node.problems) == MAX_PROBLEMS
