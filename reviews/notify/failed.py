from __future__ import annotations

from reviews.models import Why


class Failed(Exception):  # noqa: N818 -- what happened to a message
    """A channel could not carry a message. `final`: nor will it ever; `wait` are seconds it asked us to wait."""

    def __init__(self, why: Why, *, wait: float = 0.0, final: bool = False) -> None:
        super().__init__(why.value)
        self.why = why
        self.wait = wait
        self.final = final
