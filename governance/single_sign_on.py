from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.guards import invalid, told
from governance.models import Identity
from governance.problems import Code, Problem


def person_of(*, subject: str, email: str) -> User | None:
    """Whom the provider means: by their subject, else by an address it has verified. Nobody who is switched off.

    An address finds only people of whom the council did not say the subject.
    """
    found = Identity.objects.filter(person__is_active=True).select_related("person")
    identity = found.filter(subject=subject).first() if subject else None
    if identity is None and email:
        identity = found.filter(subject="", email=email.lower()).first()
    return None if identity is None else identity.person


@told()
@transaction.atomic
def set_identity(person: User, *, subject: str = "", email: str = "", by: By) -> None:
    """How single sign-on knows a person; neither ends it. A widening: who is known can sign in.

    Nobody sets their own. Problems: FORBIDDEN, INVALID (no address, too long, another's).
    """
    actor = require_council(by)
    if actor == f"user:{person.get_username()}":
        raise Problem(Code.FORBIDDEN, "Nobody sets how they themselves are known.")
    locks.share_authority()
    subject, email = subject.strip(), email.strip().lower()
    if len(subject) > 255 or not subject.isprintable():
        raise invalid("/subject", "A subject has at most 255 printable characters.")
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise invalid("/email", "This is no e-mail address.") from error
    held = Identity.objects.select_for_update().filter(person=person).first()
    before = ("", "") if held is None else (held.subject, held.email)
    if before == (subject, email):
        return
    if not (subject or email):
        Identity.objects.filter(person=person).delete()
    else:
        Identity.objects.update_or_create(person=person, defaults={"subject": subject, "email": email})
    # the ledger says that, not what: an address is personal
    body = {"person": person.get_username(), "known_by": [bool(subject), bool(email)]}
    widening = bool(subject or email)
    record.append(event=record.Event.PERSON_CHANGED, actor=actor, body={**body, "widening": widening})
