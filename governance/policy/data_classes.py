"""Classes of data in their one order, and how an action type says which of them an action touches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.policy.documents import Node

# From what anybody may see to what nearly nobody may; the place is the rank.
DATA_CLASSES = ("public", "internal", "confidential", "restricted")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_WORD = re.compile(r"[ -~]{1,128}", re.ASCII)
_MOST_WORDS = 256


@dataclass(frozen=True, slots=True)
class DataClass:
    """The class of what an action touches: always `fixed`, or told by the words of the enum `parameter`."""

    fixed: int | None = None
    parameter: str = ""
    ranks: Mapping[str, int] = field(default_factory=dict)

    def rank_in(self, parameters: Mapping[str, object]) -> int | None:
        """The rank of the most sensitive class among them; None when nothing says which."""
        if self.fixed is not None:
            return self.fixed
        value = parameters.get(self.parameter)
        words = value if isinstance(value, list) else [value]
        found = [self.ranks.get(word) if isinstance(word, str) else None for word in words]
        known = [rank for rank in found if rank is not None]
        return max(known) if known and len(known) == len(found) else None


def class_name(rank: int) -> str:
    """The word of a rank; of one that is no class, the number."""
    return DATA_CLASSES[rank] if 0 <= rank < len(DATA_CLASSES) else str(rank)


def parse_data_class(node: Node) -> DataClass | None:
    """Read `confidential`, or `{parameter: dataset, classes: {orders: internal, cards: restricted}}`."""
    if node.absent:
        return None
    if not isinstance(node.value, Mapping):
        return DataClass(fixed=parse_rank(node))
    node.fields(required=("parameter", "classes"))
    words = node.at("classes").entries(_WORD, _MOST_WORDS)
    return DataClass(
        parameter=node.at("parameter").text(_NAME, "The name of a parameter is expected."),
        ranks={word: parse_rank(at) for word, at in words.items()},
    )


def parse_rank(node: Node) -> int:
    """The rank of one of the four words."""
    return DATA_CLASSES.index(node.choice(DATA_CLASSES, DATA_CLASSES[-1]))


def check_data_class(node: Node, data: DataClass | None, enum_words: frozenset[str] | None) -> None:
    """Note what does not fit: `enum_words` are those of the named parameter, None when it is no enum."""
    if data is None or data.fixed is not None:
        return
    if enum_words is None:
        node.say(f"There is no enum parameter {data.parameter}.")
    elif enum_words != set(data.ranks):
        node.at("classes").say("Every word of the parameter has its class, and no other word.")
