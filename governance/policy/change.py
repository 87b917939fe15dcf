"""One thing that would have to be so, as an explanation names and tries it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from governance.policy.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have to be so, and the same inputs with it."""

    sentence: str
    apply: Callable[[Inputs], Inputs] = field(compare=False, repr=False)


Changes = Iterator[Change]
