from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from django.db import transaction

from governance import locks, record
from governance.actors import COUNCIL
from governance.catalogue import import_file
from governance.enrol import enrol
from governance.guards import invalid, told
from governance.models import Instance, Scope, ScopeKind
from governance.policy.names import display_name, scope_key
from governance.policy.tiers import Tier
from governance.problems import Code, Problem

BY = "system:genesis"
BUILT_IN = Path(__file__).parent / "catalogues" / "notice.yaml"


@told()
@transaction.atomic
def genesis(
    *,
    enterprise: str = "acme",
    name: str = "Acme",
    council: Collection[str] = ("mary", "joan"),
    ceiling: Tier = Tier.PROPOSE,
    passwords: Mapping[str, str] | None = None,
    demo: bool = False,
) -> Instance:
    """Begin a fresh instance: its one row, its enterprise, its first council, the built-in type.

    It happens once; everything after it goes through people. Without a password a member cannot sign in
    yet. `demo` can never be set later. Problems: WRONG_STATE (begun already), INVALID.
    """
    now = locks.hold_authority()
    if Instance.objects.exists():
        raise Problem(Code.WRONG_STATE, "This instance has begun already.")
    if not council:
        raise invalid("/council", "Somebody must sit in the council.")
    try:
        terms = {"key": scope_key(enterprise), "name": display_name(name)}
    except ValueError as error:
        raise invalid("/enterprise", error) from error
    instance = Instance.objects.create(born_as_demo=demo, born_at=now)
    scope = Scope.objects.create(**terms, kind=ScopeKind.ENTERPRISE.value, ceiling=int(ceiling))
    body = {"enterprise": scope.key, "ceiling": int(ceiling), "council": sorted(council), "demo": demo}
    record.append(event=record.Event.INSTANCE_BORN, actor=BY, body=body)
    for username in council:
        enrol(username, groups=[COUNCIL], password=(passwords or {}).get(username), by=BY)
    import_file(BUILT_IN, by=BY)
    return instance
