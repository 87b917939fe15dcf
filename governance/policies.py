"""The verbs of policy bundles: propose, activate by a second person, run as shadow, retire, say that one is broken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import COUNCIL, By, groups_of, require_council
from governance.bundle_files import Checked, checked
from governance.guards import told
from governance.models import Bundle, BundleState, BundleVersion
from governance.problems import Code, Problem


@told()
@transaction.atomic
def propose(files: Mapping[str, str], *, by: By) -> BundleVersion:
    """Store a bundle for a second person to activate. The same files again propose the stored version again.

    Problems: FORBIDDEN, INVALID (all that is wrong, failed tests included), WRONG_STATE (active already),
    UNAVAILABLE (nothing here can check it).
    """
    actor = _person(by)
    found = checked(files)
    now = locks.share_authority()
    bundle, _ = Bundle.objects.get_or_create(name=found.spec.name)
    Bundle.objects.select_for_update().get(pk=bundle.pk)
    stored = bundle.versions.filter(digest=found.digest).first()
    version = _again(stored, actor, now) if stored is not None else _first(bundle, found, actor, now)
    version.save()
    record.append(event=record.Event.POLICY_PROPOSED, actor=f"user:{actor}", body=_body(version))
    return version


@told()
@transaction.atomic
def activate(version_id: int, *, digest: str, by: By) -> BundleVersion:
    """Let a proposed version govern, in place of the active one of its bundle; `digest` (hex) is what was looked at.

    By another member than who proposed it, who sits in the council still. Nothing decided before commits above it
    afterwards. Problems: FORBIDDEN (also the same person, and after who proposed it left), NOT_FOUND, WRONG_STATE,
    DIGEST_MISMATCH.
    """
    actor = _person(by)
    now = locks.hold_authority()
    version = _locked(version_id)
    if bytes(version.digest).hex() != digest:
        raise Problem(Code.DIGEST_MISMATCH, "This is not the digest of the version that would be activated.")
    if version.state != BundleState.PROPOSED:
        raise Problem(Code.WRONG_STATE, "Only a proposed version is activated.")
    if version.proposed_by == actor:
        raise Problem(Code.FORBIDDEN, "Another member of the council activates what you proposed.")
    if not _sits(version.proposed_by):
        raise Problem(Code.FORBIDDEN, "Who proposed this has left the council: a member proposes it as a new version.")
    before = version.bundle.versions.select_for_update().filter(state=BundleState.ACTIVE.value).first()
    if before is not None:
        # the same two people put another one in its place
        _retired(before, version.proposed_by, actor, now)
    version.state, version.activated_by, version.activated_at = BundleState.ACTIVE.value, actor, now
    version.retirement_asked_by, version.retired_by, version.retired_at = "", "", None
    version.shadow, version.broken_since = False, None
    version.save()
    body = {**_body(version), "proposed_by": version.proposed_by, "replaces": before and before.number}
    record.append(event=record.Event.POLICY_ACTIVATED, actor=f"user:{actor}", body=body)
    return version


@told()
@transaction.atomic
def retire(version_id: int, *, by: By) -> BundleVersion:
    """Ask that an active version no longer governs; asked by one member, it is done by another: it may widen.

    Problems: FORBIDDEN, NOT_FOUND, WRONG_STATE (not active; asked for by the same member before).
    """
    actor = _person(by)
    now = locks.hold_authority()
    version = _locked(version_id)
    if version.state != BundleState.ACTIVE:
        raise Problem(Code.WRONG_STATE, "Only an active version is retired.")
    if version.retirement_asked_by == actor:
        raise Problem(Code.WRONG_STATE, "You asked for it: another member of the council retires it.")
    if not _sits(version.retirement_asked_by):
        version.retirement_asked_by = actor
        version.save(update_fields=["retirement_asked_by"])
        event = record.Event.POLICY_RETIREMENT_ASKED
    else:
        _retired(version, version.retirement_asked_by, actor, now)
        event = record.Event.POLICY_RETIRED
    record.append(event=event, actor=f"user:{actor}", body={**_body(version), "asked_by": version.retirement_asked_by})
    return version


@told()
@transaction.atomic
def set_shadow(version_id: int, *, shadow: bool, by: By) -> BundleVersion:
    """Run a version that is not active beside what is, or no longer. It changes no decision, so one member does.

    Problems: FORBIDDEN, NOT_FOUND, WRONG_STATE (active).
    """
    actor = _person(by)
    locks.hold_authority()
    version = _locked(version_id)
    if version.state == BundleState.ACTIVE:
        raise Problem(Code.WRONG_STATE, "An active version governs: it is no shadow.")
    if version.shadow != shadow:
        version.shadow = shadow
        version.save(update_fields=["shadow"])
        record.append(
            event=record.Event.POLICY_SHADOWED, actor=f"user:{actor}", body={**_body(version), "shadow": shadow}
        )
    return version


@transaction.atomic
def note_health(version_id: int, *, broken: bool) -> bool:
    """Say in the ledger that an active version began to fail, or answers again; whether that was news.

    One entry for each of the two, however many decisions fail between them.
    """
    version = BundleVersion.objects.select_for_update().filter(pk=version_id, state=BundleState.ACTIVE.value).first()
    if version is None or (version.broken_since is not None) is broken:
        return False
    version.broken_since = locks.database_now() if broken else None
    version.save(update_fields=["broken_since"])
    event = record.Event.POLICY_BROKEN if broken else record.Event.POLICY_MENDED
    record.append(event=event, actor="system:policy", body=_body(version))
    return True


def _first(bundle: Bundle, found: Checked, actor: str, now: datetime) -> BundleVersion:
    newest = bundle.versions.order_by("-number").values_list("number", flat=True).first() or 0
    if found.spec.version <= newest:
        raise _invalid("bundle.yaml.version", f"Version {newest} is stored already: give this one a higher number.")
    return BundleVersion(
        bundle=bundle,
        number=found.spec.version,
        files=dict(found.files),
        digest=found.digest,
        report=found.report,
        proposed_by=actor,
        proposed_at=now,
    )


def _again(version: BundleVersion, actor: str, now: datetime) -> BundleVersion:
    """A stored version, proposed anew: also the way back to an older one."""
    if version.state != BundleState.RETIRED:
        raise Problem(
            Code.WRONG_STATE, f"These files are stored as version {version.number}, which is {version.state}."
        )
    version.state, version.proposed_by, version.proposed_at = BundleState.PROPOSED.value, actor, now
    version.activated_by, version.activated_at = "", None
    return version


def _retired(version: BundleVersion, asked: str, done: str, now: datetime) -> None:
    version.state, version.broken_since = BundleState.RETIRED.value, None
    version.retirement_asked_by, version.retired_by, version.retired_at = asked, done, now
    version.save()


def _locked(version_id: int) -> BundleVersion:
    found = BundleVersion.objects.select_for_update(of=("self",)).select_related("bundle").filter(pk=version_id).first()
    if found is None:
        raise Problem(Code.NOT_FOUND, "There is no such version.")
    return found


def _person(by: By) -> str:
    """The user name of a council member: two people are two names, so no machine stands in for one."""
    kind, _, name = require_council(by).partition(":")
    if kind != "user":
        raise Problem(Code.FORBIDDEN, "Policy is proposed, activated and retired by people, by name.")
    return name


def _sits(name: str) -> bool:
    """Whether it is the name of a member of the council now: who has left it is no second person."""
    person = User.objects.filter(username=name).first()
    return person is not None and COUNCIL in groups_of(person)


def _body(version: BundleVersion) -> dict[str, Any]:
    return {
        "bundle": version.bundle.name,
        "version": version.number,
        "row": version.pk,
        "digest": bytes(version.digest).hex(),
    }


def _invalid(place: str, sentence: str) -> Problem:
    return Problem(Code.INVALID, f"The bundle cannot be used: {place}: {sentence}", fields=((place, sentence),))
