"""What the console's templates print with. Data is printed by `fact` and `claim` alone."""

from __future__ import annotations

import datetime as dt
import re

from django import template
from django.conf import settings
from django.contrib.auth.models import User
from django.template import Context
from django.utils import dateformat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from governance.actors import COUNCIL, groups_of
from governance.covering import broken_now
from governance.locks import database_now
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.proof import lacking
from governance.spoken import spoken
from reviews import alerts
from reviews.amounts import local_amount, local_amounts
from reviews.moments import local, local_minute, local_second, local_times
from reviews.preferences import Preferences, preferences_of
from reviews.printed import printed, spelled
from reviews.shown import Piece, Pieces, label
from reviews.visible import visible

register = template.Library()

LONGEST_QUOTED = 2_000
# The user name of a person, whole: an option is sent back as it stands.
LONGEST_NAME = 150


@register.simple_tag
def fact(value: object) -> SafeString:
    """A value of ours or of the record: capped, isolated, with everything invisible written out."""
    return _printed(value, "value")


@register.simple_tag
def claim(value: object) -> SafeString:
    """The same for what an agent claims."""
    return _printed(value, "value claim")


@register.simple_tag
def quoted(text: str) -> SafeString:
    """A sealed text on the one page that may show it: cut, isolated, with everything invisible written out."""
    return format_html("<bdi>{}</bdi>", visible(text, LONGEST_QUOTED))


@register.simple_tag
def fact_text(value: str) -> str:
    """The same without markup, for a value that stands in an attribute or an option."""
    return visible(value, LONGEST_NAME)


@register.simple_tag
def named(key: object) -> SafeString:
    """The name of an action type, a field or a fact, in the language in force where it came with the product."""
    return _piece(Piece(str(key)), "value")


@register.simple_tag
def typed(text: str) -> SafeString:
    """What a person wrote, as it stands: it is in no other language, however much it looks like a sentence of ours."""
    return format_html("<bdi>{}</bdi>", printed(Piece(text)))


@register.simple_tag
def titled(value: str) -> str:
    """What `fact` reads, without markup: for the title of a page."""
    return local_amounts(printed(Piece(spoken(value) if " " in value else value)))


def _printed(value: object, css: str) -> SafeString:
    if isinstance(value, tuple):
        return _told_whole(value) or format_html_join("", "{}", ((_piece(piece, css),) for piece in value))
    text = str(value)
    if " " in text:
        return _piece(Piece(text), css)
    # one word may be a name, and a name is never put into another language
    word = printed(Piece(text))
    return _stated(word, local_amount(word))


def _told_whole(pieces: Pieces) -> SafeString | None:
    """A sentence of ours where another language has it whole, with its words in their own order."""
    ours = "" if not pieces or pieces[0].literal else spelled(pieces)
    read = spoken(ours)
    if read == ours:
        return None
    # longest first: a short value may be part of a longer one, and our words hold no value
    values = sorted({printed(piece) for piece in pieces if piece.literal}, key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, values))})", read) if values else [read]
    told = (format_html('<bdi class="value">{}</bdi>', local_amount(x)) if x in values else _locally(x) for x in parts)
    return format_html('<bdi data-ours="{}">{}</bdi>', ours, format_html_join("", "{}", ((x,) for x in told)))


def _piece(piece: Piece, css: str) -> SafeString:
    ours = printed(piece)
    if piece.literal:
        return _stated(ours, local_amount(ours), css)
    return _stated(ours, local_amounts(printed(Piece(local_times(spoken(piece.text))))))


def _locally(text: str) -> str:
    return local_amounts(local_times(text))


def _stated(ours: str, read: str, css: str = "") -> SafeString:
    """What is read. Beside it stands what a verdict states, which is the same in every language and time zone."""
    kind = format_html(' class="{}"', css) if css else ""
    return format_html("<bdi{}{}>{}</bdi>", kind, "" if read == ours else format_html(' data-ours="{}"', ours), read)


@register.simple_tag
def since(moment: dt.datetime, now: dt.datetime) -> SafeString:
    """How long ago, in words; both times are the database's."""
    return format_html('<time datetime="{}">{}</time>', _iso(moment), spoken(ago(moment, now)))


@register.simple_tag
def clock(moment: dt.datetime, to: str = "minutes") -> SafeString:
    """A moment in the zone of whoever looks, which it names: day and minute, or the second of a day."""
    return format_html('<time datetime="{}">{}</time>', _iso(moment), local(moment, seconds=to == "seconds"))


@register.simple_tag
def at(moment: dt.datetime, now: dt.datetime) -> SafeString:
    """When, with the day where that is not today: it stays true on a page that nobody loads again."""
    return format_html('<time datetime="{}">{}</time>', _iso(moment), local_minute(moment, now))


@register.simple_tag
def read_at(moment: dt.datetime, now: dt.datetime) -> SafeString:
    """When a record was read: to the second, with the day where that is not today. It stays true on an open page."""
    told = _("read %(when)s") % {"when": local_second(moment, now)}
    return format_html('<time datetime="{}">{}</time>', _iso(moment), told)


@register.simple_tag
def day(begins: dt.datetime) -> SafeString:
    """The day (UTC, in whatever zone one looks) that begins then: a figure counted by days has no time of its own."""
    first = begins.astimezone(dt.UTC).date()
    return format_html('<time datetime="{}">{}</time>', first.isoformat(), dateformat.format(first, "j M"))


register.filter("spoken", spoken)
register.filter("label", label)


@register.filter
def money(minor: int) -> str:
    """Minor units of the reference currency, for people."""
    return local_amounts(format_money(minor, REFERENCE_CURRENCY))


@register.simple_tag(takes_context=True)
def preferences(context: Context) -> Preferences:
    """Theme and keyboard as this browser's person set them."""
    return preferences_of(context["request"]) if "request" in context else Preferences()


@register.simple_tag(takes_context=True)
def alerts_waiting(context: Context) -> str:
    """How many alerts of their own agents whoever looks has not acknowledged: "", "7" or "99+"."""
    user = context["request"].user if "request" in context else None
    found = alerts.waiting(user.pk) if user is not None and user.is_authenticated else 0
    if found > alerts.COUNTED:
        return f"{alerts.COUNTED}+"
    return str(found) if found else ""


@register.simple_tag(takes_context=True)
def unproved(context: Context) -> str:
    """What a member of the council must do about themselves before they widen anything; empty for anybody else."""
    request = context["request"]
    if not isinstance(request.user, User) or COUNCIL not in groups_of(request.user):
        return ""
    problem = lacking(request.user.pk, request.proof, database_now())
    return "" if problem is None else problem.code.value


@register.simple_tag
def single_sign_on() -> bool:
    """Whether a provider is configured."""
    return bool(settings.PLACET_SSO_ISSUER)


def ago(moment: dt.datetime, now: dt.datetime) -> str:
    """ "just now", "40 s ago", "5 min ago", "3 h ago", "2 days ago"."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 5:
        return "just now"
    for unit, size in (("s", 60), ("min", 3600), ("h", 86_400)):
        if seconds < size:
            return f"{seconds // _SIZES[unit]} {unit} ago"
    days = seconds // 86_400
    return f"{days} day{'s' if days > 1 else ''} ago"


_SIZES = {"s": 1, "min": 60, "h": 3600}


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


@register.simple_tag
def broken_policies() -> tuple[str, ...]:
    """The active versions that cannot be evaluated, for the council's banner."""
    return broken_now()
