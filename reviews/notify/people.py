"""READ how a person wants to be told, and over which channels they can be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import User

from reviews.models import Channel, Digest, Preference
from reviews.models.notices import ORDER

# Nothing that could end a header or an address: plain ASCII, one @, no white space, no quotes, no angle brackets.
MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,186}[A-Za-z0-9])?", re.ASCII)
SLACK_MEMBER = re.compile(r"[UW][A-Z0-9]{5,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """A person as somebody to tell. `channels` are those that can carry a message now, in their order."""

    id: int
    active: bool
    channels: tuple[str, ...]
    mail: str
    slack_member: str
    zone: ZoneInfo
    language: str
    quiet: tuple[dt.time | None, dt.time | None]
    digest: str


def read(ids: Iterable[int]) -> dict[int, Told]:
    """The people with these ids."""
    wanted = list(ids)
    held = {each.person_id: each for each in Preference.objects.filter(person_id__in=wanted)}
    active = User.objects.filter(pk__in=wanted).values_list("pk", "is_active")
    return {pk: _told(held.get(pk) or defaults(pk), live) for pk, live in active}


def defaults(person: int) -> Preference:
    """What holds for somebody who never chose: every channel, a digest a day, no quiet hours. Not saved."""
    return Preference(person_id=person, channels=list(ORDER))


def usable(channel: str, chosen: Preference) -> bool:
    """Whether this deployment and this person have what the channel needs."""
    if channel == Channel.EMAIL:
        return bool(settings.PLACET_MAIL_FROM and MAIL.fullmatch(chosen.mail))
    if channel == Channel.SLACK:
        return bool(settings.PLACET_SLACK_TOKEN and SLACK_MEMBER.fullmatch(chosen.slack_member))
    return True


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name, UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _told(chosen: Preference, active: bool) -> Told:
    return Told(
        id=chosen.person_id,
        active=active,
        channels=tuple(each for each in chosen.channels if usable(each, chosen)),
        mail=chosen.mail,
        slack_member=chosen.slack_member,
        zone=zone_of(chosen.time_zone),
        language=chosen.language,
        quiet=(chosen.quiet_from, chosen.quiet_until),
        digest=chosen.digest if chosen.digest in Digest.values else Digest.OFF.value,
    )
