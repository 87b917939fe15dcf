"""What a message says: our own words, and of a case only its type, risk, size and deadline. Never a name or a text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from governance.locks import database_now
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.tiers import Risk
from governance.spoken import spoken
from reviews import alerts
from reviews.amounts import local_amount
from reviews.cases import due_at
from reviews.models import AlertKind, Escalation, Notice, NoticeKind
from reviews.notify.digests import COUNTED, waiting
from reviews.notify.people import Told
from reviews.shown import label

# Minor units of the reference currency: how much a case is about is said by these alone.
BANDS = (100_00, 1_000_00, 10_000_00)
# A letter names so many of its messages and counts the others.
NAMED = 20
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 -]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Message:
    """A title, some lines, and where to look. Each is one line of our own words, at most 120 characters.

    A letter of several names its first ones as `parts`; its lines say how many more there are.
    """

    title: str
    lines: tuple[str, ...]
    path: str
    parts: tuple[Message, ...] = ()

    @property
    def url(self) -> str:
        """The path behind the console's own origin."""
        return f"{settings.PLACET_CONSOLE_ORIGIN}{self.path}"


def letter_of(notices: Sequence[Notice], told: Told) -> Message:
    """What one letter says to this person: one message as it is; of several the most urgent, and how many they are."""
    if len(notices) == 1:
        return message_of(notices[0], told)
    ordered = sorted(notices, key=_urgency)
    parts = tuple(message_of(each, told) for each in ordered[:NAMED])
    with translation.override(told.language):
        more = len(notices) - len(parts)
        lines = (ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more},) if more else ()
        if all(each.case_id is not None for each in notices):
            title = ngettext("%(count)s case waits for you", "%(count)s cases wait for you", len(notices))
            return Message(title % {"count": len(notices)}, lines, _link("queue"), parts)
        title = ngettext("%(count)s message for you", "%(count)s messages for you", len(notices))
        return Message(title % {"count": len(notices)}, lines, _link("notices"), parts)


def message_of(notice: Notice, told: Told) -> Message:
    """What a notice says to this person, in their language and time zone."""
    with translation.override(told.language):
        title = str(NoticeKind(notice.kind).label)
        if notice.case is not None:
            return _of_case(title, notice.case, told)
        if notice.alert is not None:
            kind = AlertKind(notice.alert.kind)
            named = notice.alert.action_type
            lines = (str(kind.label), *((type_words(named.key),) if named else ()))
            return Message(title, lines, f"{_link('alerts')}?kind={kind.value}")
        if notice.kind == NoticeKind.DEAD_LETTER:
            return Message(title, (_("An operator can look at them and send them again."),), _link("notices-dead"))
        return _digest(title, told)


def _urgency(notice: Notice) -> tuple[int, dt.datetime]:
    """A halt first, then cases by their deadlines, then the rest as it came."""
    if notice.alert is not None and notice.alert.kind == AlertKind.HALT:
        return 0, notice.created_at
    return (2, notice.created_at) if notice.case is None else (1, notice.case.deadline)


def type_words(key: str) -> str:
    """The name of an action type in words, in the language in force where we know it: nothing that marks up text."""
    return spoken(_NOT_PLAIN.sub("", label(key))[:64].strip())


def band(amount: int) -> str:
    """How much, roughly; `amount` in minor units."""
    for limit in BANDS:
        if amount < limit:
            return _("under %(amount)s") % {"amount": local_amount(format_money(limit, REFERENCE_CURRENCY))}
    return _("%(amount)s or more") % {"amount": local_amount(format_money(BANDS[-1], REFERENCE_CURRENCY))}


def _of_case(title: str, case: Escalation, told: Told) -> Message:
    action = case.action
    due = due_at(case, database_now()).astimezone(told.zone)
    named = type_words(action.action_type.key)
    risk = {Risk.LOW: _("low risk"), Risk.MEDIUM: _("medium risk"), Risk.HIGH: _("high risk")}
    what = [risk[Risk(action.decision.effective_risk)], *([band(action.amount)] if action.amount is not None else [])]
    by = _("To be decided by %(time)s on %(day)s (%(zone)s); then it is rejected.") % {
        "time": f"{due:%H:%M}",
        "day": formats.date_format(due.date(), "j F"),
        "zone": told.zone.key,
    }
    return Message(f"{title}: {named}" if named else title, (", ".join(what), by), _link("escalation", case.pk))


def _digest(title: str, told: Told) -> Message:
    seen, cases = waiting(told.id)
    lines = []
    if seen:
        lines.append(ngettext("%(count)s alert to be seen", "%(count)s alerts to be seen", seen)
                     % {"count": _counted(seen, alerts.COUNTED)})  # fmt: skip
    if cases:
        lines.append(ngettext("%(count)s open case", "%(count)s open cases", cases)
                     % {"count": _counted(cases, COUNTED)})  # fmt: skip
    return Message(title, tuple(lines), _link("queue" if cases else "alerts"))


def _counted(number: int, most: int) -> str:
    return f"{most}+" if number > most else str(number)


def _link(name: str, *arguments: object) -> str:
    return reverse(name, urlconf="config.urls_web", args=arguments)
