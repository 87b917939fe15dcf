"""Slack: a message to one member by `chat.postMessage`, plain text only, with one button that opens the console."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from reviews.models import Why
from reviews.notify import fixed_host
from reviews.notify.failed import Failed
from reviews.notify.people import SLACK_MEMBER
from reviews.notify.words import Message

PATH = "/api/chat.postMessage"
# Nobody is there, or not any more; anything else that is wrong may be put right.
_GONE = frozenset({"channel_not_found", "user_not_found", "is_archived", "account_inactive", "messages_tab_disabled"})
_LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})


def send(message: Message, *, to: str, name: UUID) -> None:
    """Post it. The same `name` is the same message to Slack (`client_msg_id`). `Failed`."""
    if SLACK_MEMBER.fullmatch(to) is None:
        raise Failed(Why.REFUSED, final=True)
    answer = fixed_host.post(settings.PLACET_SLACK_URL, PATH, document(message, to, name), settings.PLACET_SLACK_TOKEN)
    if answer.get("ok") is True:
        return
    error = answer.get("error")
    if error in _LATER:
        raise Failed(Why.BUSY)
    raise Failed(Why.REFUSED if isinstance(error, str) else Why.BROKEN, final=error in _GONE)


def document(message: Message, to: str, name: UUID) -> dict[str, Any]:
    """The body of the call. `plain_text` objects know no markup, and of `text` every markup is switched off."""
    said = "\n".join(message.lines)
    return {
        "channel": to,
        "client_msg_id": str(name),
        "text": _escaped(message.title),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": _plain(message.title[:150])},
            *map(_part, message.parts),
            *([{"type": "section", "text": _plain(said[:2_000])}] if said else []),
            {"type": "actions", "elements": [_button(message)]},
        ],
    }  # fmt: skip


def _part(message: Message) -> dict[str, Any]:
    """One of several, with a button of its own."""
    said = "\n".join((message.title, *message.lines))
    return {"type": "section", "text": _plain(said[:2_000]), "accessory": _button(message)}


def _button(message: Message) -> dict[str, Any]:
    return {"type": "button", "text": _plain(_("Open the console")), "url": message.url}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
