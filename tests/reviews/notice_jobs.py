"""What racing workers do with notices."""

from __future__ import annotations

import os
from collections.abc import Callable


def tellers() -> Callable[[int], str]:
    """Go round and send, as workers do, at once with all the others."""
    from reviews.notify import deliver, rounds

    def one(number: int) -> str:
        return "did something" if rounds.tell_due() + deliver.deliver_due() else "nothing"

    return one


def send_once() -> None:
    """The body of a worker that sends what is due."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from reviews.notify import deliver

    deliver.deliver_due()
