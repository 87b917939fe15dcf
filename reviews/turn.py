"""The verb that gives a reviewer their next case: found, leased and read, so that one answer can show it."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User

from governance.problems import Problem
from reviews.candidates import next_case
from reviews.take import take

# Others are faster now and then: after as many lost races the queue says what there is.
TRIES = 5


def take_next(*, reviewer: User, besides: tuple[UUID, ...] = ()) -> UUID | None:
    """Take the first case that nobody has and they may approve, besides some; None when there is none."""
    tried = besides
    for _ in range(TRIES):
        found = next_case(viewer=reviewer.pk, besides=tried)
        if found is None:
            return None
        try:
            take(found, reviewer=reviewer)
        except Problem:  # taken, decided or no longer theirs to decide, between the look and the lease
            tried += (found,)
        else:
            return found
    return None
