"""One thing that would have to be so, as an explanation names and tries it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from governance.policy.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have to be so, and the same inputs with it.

    `most`: where it bounds the amount, the most that it may be, in minor units of the reference currency.
    """

    sentence: str
    apply: Callable[[Inputs], Inputs] = field(compare=False, repr=False)
    most: int | None = None


Changes = Iterator[Change]
