"""The verb that gives a reviewer their next case: found, leased and read, so that one answer can show it."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User

from governance.problems import Problem
from reviews.candidates import ANYWHERE, free
from reviews.take import take_theirs

# Others are faster now and then: after as many lost races the queue says what there is.
TRIES = 5


def take_next(*, reviewer: User, besides: tuple[UUID, ...] = ()) -> UUID | None:
    """Take the first case that nobody has and they may approve, besides some; None when there is none."""
    lost = 0
    tried = besides
    while lost < TRIES:
        for case in free(viewer=reviewer.pk, besides=tried):
            tried += (case,)
            try:
                why = take_theirs(case, reviewer=reviewer)
            except Problem:  # taken, decided or no longer theirs to decide, between the look and the lease
                lost += 1
                break
            if why is None:
                return case
            if why in ANYWHERE:
                return None
        else:
            return None
    return None
