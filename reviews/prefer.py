"""The verb by which a person says how they want to be told, and how the console looks to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from governance import record
from governance.actors import actor_of
from governance.problems import Code, Problem
from reviews.models import Digest, Preference
from reviews.models.notices import ORDER
from reviews.notify.people import MAIL, SLACK_MEMBER
from reviews.preferences import KEYS, THEMES


@cache
def time_zones() -> tuple[str, ...]:
    """Every time zone by name, in order. Finding them opens hundreds of files: once for each process."""
    return tuple(sorted(available_timezones()))


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen, all of it. `channels` are those that are on, in their order; no quiet hours are two None."""

    language: str
    time_zone: str
    channels: tuple[str, ...]
    quiet: tuple[dt.time | None, dt.time | None]
    digest: str
    mail: str
    slack_member: str
    theme: str
    keys: str


@transaction.atomic
def prefer(wish: Wish, *, by: User) -> Preference:
    """Keep one's own preferences. The entry has what was chosen but the addresses. Problems: FORBIDDEN, INVALID."""
    if not by.is_active:
        raise Problem(Code.FORBIDDEN, "Only whoever may sign in chooses anything.")
    _check(wish)
    chosen, _ = Preference.objects.select_for_update().get_or_create(person=by)
    chosen.language, chosen.time_zone = wish.language, wish.time_zone
    chosen.channels, (chosen.quiet_from, chosen.quiet_until) = list(wish.channels), wish.quiet
    chosen.digest, chosen.mail, chosen.slack_member = wish.digest, wish.mail, wish.slack_member
    chosen.theme, chosen.keys = wish.theme, wish.keys
    chosen.save()
    body = {
        "language": wish.language,
        "time_zone": wish.time_zone,
        "channels": list(wish.channels),
        "quiet": [None if each is None else f"{each:%H:%M}" for each in wish.quiet],
        "digest": wish.digest,
        "addresses": [name for name, held in (("mail", wish.mail), ("slack", wish.slack_member)) if held],
        "theme": wish.theme,
        "keys": wish.keys,
    }
    record.append(event=record.Event.PREFERENCES_CHANGED, actor=actor_of(by), body=body)
    return chosen


def _check(wish: Wish) -> None:
    """Problem INVALID naming every field that is not what it may be."""
    begin, end = wish.quiet
    wrong = {
        "/language": wish.language not in dict(settings.LANGUAGES),
        "/time_zone": wish.time_zone not in time_zones(),
        "/channels": len({*wish.channels}) != len(wish.channels) or not {*wish.channels} <= {*ORDER},
        "/quiet": (begin is None) != (end is None) or (begin is not None and begin == end),
        "/digest": wish.digest not in Digest.values,
        "/mail": bool(wish.mail) and MAIL.fullmatch(wish.mail) is None,
        "/slack_member": bool(wish.slack_member) and SLACK_MEMBER.fullmatch(wish.slack_member) is None,
        "/theme": wish.theme not in THEMES,
        "/keys": wish.keys not in KEYS,
    }
    fields = tuple((field, _SAYS[field]) for field, is_wrong in wrong.items() if is_wrong)
    if fields:
        raise Problem(Code.INVALID, "Nothing was kept: " + " ".join(says for _, says in fields), fields=fields)


_SAYS = {
    "/language": "Choose one of the languages.",
    "/time_zone": "This is no time zone, such as Europe/Berlin.",
    "/channels": "Each channel rings once.",
    "/quiet": "Quiet hours need a beginning and another end.",
    "/digest": "Choose one of the digests.",
    "/mail": "This is no plain e-mail address.",
    "/slack_member": "A Slack member id looks like U0123ABCD.",
    "/theme": "Choose light or dark, or as the system.",
    "/keys": "Letters are on or off.",
}
