"""E-mail: plain text and the same as HTML, with one link and nothing that is fetched from anywhere."""

from __future__ import annotations

import smtplib
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from reviews.models import Why
from reviews.notify.failed import Failed
from reviews.notify.people import MAIL
from reviews.notify.words import Message

SECONDS = 10


def send(message: Message, *, to: str, name: UUID) -> None:
    """Hand it to the SMTP server. The same `name` is the same Message-ID, so that a double can be told. `Failed`."""
    if MAIL.fullmatch(to) is None:
        raise Failed(Why.REFUSED, final=True)
    letter = EmailMultiAlternatives(
        subject=message.title,
        body="\n".join((*_plain(message), foot())),
        from_email=settings.PLACET_MAIL_FROM,
        to=[to],
        headers={"Message-ID": f"<{name}@{settings.PLACET_MAIL_FROM.rpartition('@')[2]}>",
                 "Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=SECONDS),
    )  # fmt: skip
    letter.attach_alternative(render_to_string("mail/notice.html", {"message": message, "foot": foot()}), "text/html")
    try:
        letter.send()
    except smtplib.SMTPRecipientsRefused as refused:
        code = min(int(code) for code, _text in refused.recipients.values())
        raise Failed(Why.REFUSED if code >= 500 else Why.BUSY, final=code >= 500) from None
    except smtplib.SMTPServerDisconnected:
        raise Failed(Why.UNREACHABLE) from None
    except smtplib.SMTPResponseException as answer:
        # a wrong password or a full disk ends some time, so it is tried again
        raise Failed(Why.REFUSED if answer.smtp_code >= 500 else Why.BUSY) from None
    except smtplib.SMTPException:
        raise Failed(Why.BROKEN) from None
    except TimeoutError:
        raise Failed(Why.SLOW) from None
    except OSError:
        raise Failed(Why.UNREACHABLE) from None


def _plain(message: Message) -> list[str]:
    """Its lines and its link; before them, of a letter of several, each with its own."""
    parts = [line for part in message.parts for line in (part.title, *_plain(part))]
    return [*parts, *message.lines, "", message.url, ""] if message.lines else [*parts, message.url, ""]


def foot() -> str:
    """Why this person got it."""
    return _("Placet decides nothing by e-mail or chat: open the console. What you are told of is set there.")
