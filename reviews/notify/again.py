"""The verb by which an operator sends dead letters again."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import record
from governance.actors import COUNCIL, OPERATOR, require
from governance.locks import database_now
from governance.problems import Code, Problem
from reviews.bell import Bell, ring
from reviews.models import Delivery, DeliveryState

MOST = 200


@transaction.atomic
def send_again(deliveries: Collection[UUID], *, by: User) -> int:
    """Try these dead letters anew, from the first attempt. How many; one entry for all.

    What goes alone keeps its name. What went with others begins anew: not all of them need be among these.

    Problems: FORBIDDEN, INVALID (none named, or more than 200), WRONG_STATE (none of them is dead any more).
    """
    actor = require(by, OPERATOR, COUNCIL)
    if not 0 < len(deliveries) <= MOST:
        raise Problem(Code.INVALID, "Choose what is to be sent again.")
    dead = Delivery.objects.select_for_update().filter(pk__in=deliveries, state=DeliveryState.DEAD).order_by("pk")
    found = list(dead.values_list("pk", flat=True))
    if not found:
        raise Problem(Code.WRONG_STATE, "These messages were sent again already.")
    Delivery.objects.filter(pk__in=found).update(
        state=DeliveryState.WAITING, why="", attempts=0, due_at=database_now(), ended_at=None, letter=None
    )
    body = {"deliveries": sorted(map(str, found))}
    record.append(event=record.Event.NOTICE_SENT_AGAIN, actor=actor, body=body)
    ring(Bell.NOTIFY)
    return len(found)
