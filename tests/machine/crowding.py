"""How many cases may be open, and who loses what the machine let it do by filling the queue.

A part of the slow model, from the design's text like the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.machine import judging, oracle

ANY = 10**6


@dataclass
class Queue:
    """How many cases one line of agents, and one record of a domain, may have open."""

    world: oracle.World
    of_line: int = ANY
    of_record: int = ANY

    def is_full(self, ask: oracle.Ask) -> bool:
        """Whether there is no room for a case: of the line, of the line and this type, or about the record.

        Who filled the queue opens none while its line would have more than half of its quota open with it.
        """
        line, most = self._of_line(ask), self.world.kinds[ask.kind].most_open
        rooms = [
            (line, max(1, self.of_line // 2) if self.has_filled(ask.agent) else self.of_line),
            ([case for case in line if case.ask.kind == ask.kind], ANY if most is None else most),
            ([case for case in self._open() if self._record(case.ask) == self._record(ask)], self.of_record),
        ]
        return any(len(cases) >= most for cases, most in rooms)

    def has_filled(self, agent: str) -> bool:
        """Whether it filled the queue, and has found no room since."""
        return [colour for _, colour in self.world.colours.get((agent, "cases"), [])][-1:] == ["red"]

    def is_refused(self, ask: oracle.Ask) -> None:
        """A full line costs whoever has most of it open; of equals whoever asks for more."""
        line = self._of_line(ask)
        if len(line) >= self.of_line and not self.has_filled(ask.agent):
            counts = {ask.agent: 0}
            for case in line:
                counts[case.ask.agent] = counts.get(case.ask.agent, 0) + 1
            most = max(counts, key=lambda name: (counts[name], name == ask.agent))
            self.world.turn(most, "cases", "red")

    def is_opened(self, ask: oracle.Ask) -> None:
        """There was room."""
        self.world.turn(ask.agent, "cases", "green")

    def _open(self) -> list[judging.Case]:
        return [case for case in self.world.cases if case.state == "open"]

    def _of_line(self, ask: oracle.Ask) -> list[judging.Case]:
        return [case for case in self._open() if self._top(case.ask) == self._top(ask)]

    def _top(self, ask: oracle.Ask) -> str:
        # who acts under a ticket fills the queue of whoever it acts for
        return self.world.line(ask.agent, ask.ticket)[-1]

    def _record(self, ask: oracle.Ask) -> tuple[str | None, str]:
        return self.world.scopes[self.world.agents[ask.agent].project].above, ask.customer
