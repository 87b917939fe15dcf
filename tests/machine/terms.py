"""What the council says of types of actions, and what holds from the beginning of a run."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from governance import catalogue
from tests.machine import crowding, oracle, town
from tests.machine.happening import happens, kinds

# what policy may grant is never always for people
_FOR_PEOPLE = st.sampled_from([kind.name for kind in town.KINDS.values() if kind.rail is None])
_EYES = [(0, (1, 2)), (240_00, (1, 1)), (480_00, (1, 2)), (0, (2, 3)), (240_00, (1, 1, 2))]
# families and how much of them may be under way at once
_AT_ONCE: list[dict[str, tuple[tuple[str, int], ...]]] = [
    {},
    {},
    {},
    {"payments": (("entity", 1),), "gifts": (("agent", 1),)},
    {"payments": (("agent", 2),), "notes": (("entity", 1), ("agent", 2))},
    {"loans": (("entity", 1), ("agent", 2)), "gifts": (("entity", 1),)},
]
# how many cases a line may have open, a record, and a line of one type
_ROOM = [
    *[(crowding.ANY, crowding.ANY, None)] * 4,
    (1, crowding.ANY, None),
    (2, crowding.ANY, None),
    (4, crowding.ANY, None),
    (6, crowding.ANY, 2),
    (8, 2, None),
]


class Terms:
    """The events of the council at its catalogue, for the machine that has all else."""

    world: oracle.World
    queue: crowding.Queue

    @initialize(
        eyes=st.sampled_from([*[None] * 5, *_EYES]), at_once=st.sampled_from(_AT_ONCE), room=st.sampled_from(_ROOM)
    )
    def agreed(
        self,
        eyes: tuple[int, tuple[int, ...]] | None,
        at_once: dict[str, tuple[tuple[str, int], ...]],
        room: tuple[int, int, int | None],
    ) -> None:
        """Who approves, how much may be under way at once, and how many cases may be open."""
        self.queue.of_line, self.queue.of_record, most_open = room
        settings.PLACET_OPEN_CASES_PER_LINE, settings.PLACET_OPEN_CASES_PER_ENTITY = room[:2]
        for name, kind in self.world.kinds.items():
            edited = replace(kind, at_once=at_once.get(kind.family, ()), most_open=most_open)
            if name == town.PAY:
                edited = replace(edited, eyes=eyes)
            if edited != kind:
                self._edited(edited)

    @happens(2, kind=_FOR_PEOPLE, always=st.sampled_from([True, True, False]))
    def is_for_people(self, kind: str, always: bool) -> None:
        """Somebody must decide every one of a type, or need not any more."""
        self._edited(replace(self.world.kinds[kind], by_people=always))

    @happens(3, kind=kinds, eyes=st.sampled_from([None, *_EYES]))
    def wants_people(self, kind: str, eyes: tuple[int, tuple[int, ...]] | None) -> None:
        """So many must approve it, of such ranks, from such an amount; or one."""
        self._edited(replace(self.world.kinds[kind], eyes=eyes))

    def _wants_people_for(self, kind: str) -> None:
        if self.world.kinds[kind].rail is None:
            self.is_for_people(kind, always=True)

    def _edited(self, kind: oracle.Kind) -> None:
        catalogue.save_action_type(town.document(kind), domain=None, by=town.BY)
        self.world.kinds[kind.name] = kind
