from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from reviews.replay.envelope import Posting
from reviews.replay.run import choose
from reviews.replay.types import DEFAULT_CAPS, cap_document, type_key


def postings(agent: str, runs: int, each: int) -> list[Posting]:
    return [
        Posting(agent, "t", f"{agent}{run}:{number}", {"run": f"{agent}{run}"}, True)
        for run in range(runs)
        for number in range(each)
    ]


def test_a_limit_takes_whole_runs_of_every_agent_in_turn() -> None:
    everything = [*postings("a", 9, 2), *postings("b", 9, 2), *postings("c", 1, 1)]
    chosen = choose(everything, 9)
    assert [each.key for each in chosen] == ["a0:0", "a0:1", "b0:0", "b0:1", "c0:0", "a1:0", "a1:1", "b1:0", "b1:1"]


def test_a_limit_is_never_passed_and_may_cut_the_last_run() -> None:
    assert len(choose(postings("a", 1, 50), 7)) == 7


def test_without_a_limit_everything_is_taken_in_order() -> None:
    everything = postings("a", 3, 2)
    assert choose(everything, None) == choose(everything, 100) == everything


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("run:count=3/24h", {"key": "run", "count": 3, "window": "24h"}),
        ("entity:money=1000.00/7d", {"key": "entity", "money": "1000.00", "window": "7d"}),
    ],
)
def test_caps_are_written_in_one_line(text: str, document: dict[str, object]) -> None:
    assert cap_document(text) == document


@pytest.mark.parametrize(
    "text", ["", "run:3/24h", "run:count=3", "run:money=10/24h", "run:count=-1/24h", "RUN:count=1/24h"]
)
def test_other_caps_are_told_how_they_are_written(text: str) -> None:
    with pytest.raises(ValueError, match="A cap is written"):
        cap_document(text)


def test_the_default_caps_are_caps() -> None:
    assert [cap_document(each)["key"] for each in DEFAULT_CAPS] == ["run", "run"]


def test_a_tool_is_spelled_as_a_key() -> None:
    assert type_key("shop2", "orders.refund") == "shop2.orders.refund"
    assert len(type_key("g", "t" * 99)) == 64


def test_tools_that_would_be_spelled_alike_stay_two() -> None:
    keys = {type_key("shop", tool) for tool in ("refund!", "refund?", "Refund_", "refund_", "t" * 90, "t" * 91)}
    assert len(keys) == 6


@pytest.mark.parametrize("options", [{"limit": 1}, {"json": True}])
def test_a_folder_that_is_none_is_a_sentence_of_the_command(tmp_path: object, options: dict[str, object]) -> None:
    with pytest.raises(CommandError, match="is missing"):
        call_command("replay", str(tmp_path), **options)


def test_a_stopped_replay_ends_with_one_sentence_and_the_code_of_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reviews.management.commands.replay.replay", stopped)
    with pytest.raises(CommandError, match=r"^Stopped\. [^.]+\.$") as told:
        call_command("replay", "runs")
    assert told.value.returncode == 130
