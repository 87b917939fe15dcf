from __future__ import annotations

from django.contrib.auth.models import User

from governance.cursors import kept
from governance.problems import Code, Problem

REVIEWER = "reviewer"
COUNCIL = "council"
AUDITOR = "auditor"
OPERATOR = "operator"
GROUPS = (REVIEWER, COUNCIL, AUDITOR, OPERATOR)

_GROUPS = """
select g.name from auth_user u join auth_user_groups m on m.user_id = u.id join auth_group g on g.id = m.group_id
  where u.id = %s and u.is_active and g.name = any(%s)
"""
# A person, or `system:<part>`: a command run by somebody who holds the database credentials anyway.
By = User | str


def groups_of(user: User) -> frozenset[str]:
    """The groups of an active person as stored now; `is_staff` and `is_superuser` give nothing."""
    if not user.is_active or user.pk is None:
        return frozenset()
    with kept() as cursor:
        cursor.execute(_GROUPS, [user.pk, list(GROUPS)])
        return frozenset(name for (name,) in cursor.fetchall())


def actor_of(by: By) -> str:
    """How the ledger names who did it: `user:<name>` or `system:<part>`."""
    if isinstance(by, str):
        return by
    return f"user:{by.get_username()}"


def person_behind(by: By) -> User | None:
    """The person who does it; None where it is a part of the system."""
    if isinstance(by, User):
        return by
    kind, _, name = by.partition(":")
    return User.objects.filter(username=name).first() if kind == "user" else None


def require(by: By, *groups: str) -> str:
    """The ledger's name of `by` if they belong to one of these groups, else `Problem` FORBIDDEN.

    A string is `system:<part>`, which is trusted, or `user:<name>`, which is looked up.
    """
    actor = actor_of(by)
    if isinstance(by, str):
        kind, _, name = by.partition(":")
        if kind == "system" and name:
            return actor
        found = User.objects.filter(username=name).first() if kind == "user" else None
        if found is None:
            raise Problem(Code.FORBIDDEN, "Nobody is known by this name.")
        by = found
    if groups_of(by).isdisjoint(groups):
        raise Problem(Code.FORBIDDEN, f"Only members of {' or '.join(groups)} may do this.")
    return actor


def require_council(by: By) -> str:
    """The ledger's name of `by` if they sit in the council, else `Problem` FORBIDDEN."""
    return require(by, COUNCIL)
