"""What a case says beside its facts, as configured: what would change, how an amount comes about, who is paid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from governance.policy.facts import Show
from governance.records.grammar import Path, Value, paths


@dataclass(frozen=True, slots=True)
class Change:
    """A recorded value before and after the action.

    `now` names a value of the binding; of what is made anew there is nothing before. What comes after is the parameter
    `then`, the word `becomes`, or the list `now` with the members of parameter `minus` taken out and those of `plus`
    put in. The line stands only where parameter `when[0]` is `when[1]`. `options` are words, `pattern` a closed form,
    that may be printed besides what facts list.
    """

    label: str
    now: str = ""
    then: str = ""
    becomes: str = ""
    minus: str = ""
    plus: str = ""
    show: Show = Show.VALUE
    options: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None
    when: tuple[str, str] | None = None

    @property
    def is_list(self) -> bool:
        return bool(self.minus or self.plus)

    def parameters(self) -> frozenset[str]:
        """Names of the parameters that it reads."""
        named = {self.then, self.minus, self.plus} | ({self.when[0]} if self.when else set())
        return frozenset(named - {""})


@dataclass(frozen=True, slots=True)
class Derived:
    """An amount with its sum: every recorded number of `plus`, less every one of `minus`, in minor units.

    `over` and `under` say which way the money goes when the sum is above or below nothing.
    """

    label: str
    currency: str | Path
    plus: tuple[Value, ...]
    minus: tuple[Value, ...] = ()
    over: str = ""
    under: str = ""

    def paths(self) -> Iterator[Path]:
        """Every path that the sum reads."""
        for value in (*self.plus, *self.minus):
            yield from paths(value)
        if isinstance(self.currency, Path):
            yield self.currency


@dataclass(frozen=True, slots=True)
class Payee:
    """Whether this payee was paid before: parameter `to`, looked up in typed columns, never in a text.

    `among` names the values that list whoever was paid, `on` the value with the day of each payment in the same order.
    """

    to: str
    among: tuple[str, ...]
    on: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it. `paid` names the fact that proves that who is paid belongs to the record."""

    changes: tuple[Change, ...] = ()
    derived: tuple[Derived, ...] = ()
    payee: Payee | None = None
    paid: str = ""

    def paths(self) -> Iterator[Path]:
        """Every path that these lines read besides the values of the binding."""
        for each in self.derived:
            yield from each.paths()

    def parameters(self) -> frozenset[str]:
        """Names of the parameters that these lines use."""
        named = {name for change in self.changes for name in change.parameters()}
        return frozenset(named | ({self.payee.to} if self.payee else set()))


NOTHING_BESIDE = Beside()
