"""The verb by which the council says which records are a person's own."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.guards import invalid
from governance.models import Account
from governance.problems import Code, Problem

MOST = 50
# A customer number, an IBAN, an e-mail address: as the record system writes it.
RECORD = re.compile(r"[!-~]{1,128}", re.ASCII)


@transaction.atomic
def set_accounts(person: User, records: Collection[str], *, by: By) -> tuple[str, ...]:
    """Say which records are this person's own: no case about one, or that pays one, is theirs to decide.

    All of them at once, as the record system writes them; they are matched exactly. Nobody sets their own. Problems:
    FORBIDDEN, INVALID (not printable ASCII without blanks, more than fifty).
    """
    actor = require_council(by)
    if actor == f"user:{person.get_username()}":
        raise Problem(Code.FORBIDDEN, "Nobody says which records are their own: ask another member of the council.")
    wanted = tuple(sorted({*records}))
    if len(wanted) > MOST:
        raise invalid("/accounts", f"A person has at most {MOST} records of their own.")
    for each in wanted:
        if RECORD.fullmatch(each) is None:
            raise invalid("/accounts", "A record is written in up to 128 letters, digits and signs, without blanks.")
    # verdicts hold it shared: each stands wholly before or wholly after
    locks.hold_authority()
    held = set(Account.objects.filter(person=person).values_list("record", flat=True))
    if held == {*wanted}:
        return wanted
    Account.objects.filter(person=person).exclude(record__in=wanted).delete()
    Account.objects.bulk_create(Account(person=person, record=each) for each in wanted if each not in held)
    # the ledger says that, not which: they are personal
    body = {"person": person.get_username(), "accounts": [len(held), len(wanted)], "widening": not held <= {*wanted}}
    record.append(event=record.Event.PERSON_CHANGED, actor=actor, body=body)
    return wanted
