"""How messages leave: an SMTP server, Slack, where their links lead, and how long each channel waits for the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.env import Env

_FROM = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,186}[A-Za-z0-9])?", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9-]{8,255}", re.ASCII)
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server: TLS from the first byte (`ssl`), begun by STARTTLS (`tls`), or neither on a local instance."""

    host: str
    port: int
    user: str
    password: str
    ssl: bool
    tls: bool


def smtp(settings: Env, *, local: bool) -> Smtp | None:
    """The mail server of ``PLACET_SMTP_URL``, ``smtp://`` or ``smtps://``; without one no mail leaves."""
    url = env.secret(settings, "PLACET_SMTP_URL")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured("PLACET_SMTP_URL is not an address.") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ImproperlyConfigured("PLACET_SMTP_URL must look like smtp://user:password@host:587 or smtps://.")
    whole = parts.scheme == "smtps"
    return Smtp(
        host=parts.hostname,
        port=port or (465 if whole else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ssl=whole,
        tls=not whole and not local,
    )


def sender(settings: Env, *, needed: bool) -> str:
    """The plain address that mail comes from; empty where no mail is `needed`."""
    if not needed:
        return ""
    address = settings.get("PLACET_MAIL_FROM", "")
    if not _FROM.fullmatch(address):
        raise ImproperlyConfigured("PLACET_MAIL_FROM must be a plain address such as placet@example.com.")
    return address


def slack(settings: Env, *, local: bool) -> tuple[str, str]:
    """The origin of Slack's API and the bot's token, empty where there is none."""
    token = env.secret(settings, "PLACET_SLACK_TOKEN") or ""
    if token and not _TOKEN.fullmatch(token):
        raise ImproperlyConfigured("PLACET_SLACK_TOKEN is no token of a bot.")
    origin = env.address(settings, "PLACET_SLACK_URL") or "https://slack.com"
    if not (origin.startswith("https://") or local):
        raise ImproperlyConfigured("PLACET_SLACK_URL must begin with https://.")
    return origin, token


def console(settings: Env, trusted: list[str], *, local: bool, needed: bool = False) -> str:
    """The origin that links in messages begin with: as set, else the first whose forms we accept."""
    chosen = env.origins(settings, "PLACET_CONSOLE_ORIGIN") or trusted
    if len(settings.get("PLACET_CONSOLE_ORIGIN", "").split(",")) > 1:
        raise ImproperlyConfigured("PLACET_CONSOLE_ORIGIN is one origin.")
    if needed and not chosen and not local:
        raise ImproperlyConfigured("PLACET_CONSOLE_ORIGIN is missing: messages would lead nowhere.")
    return chosen[0].rstrip("/") if chosen else "http://localhost:8000" if local else ""


def minutes(settings: Env) -> tuple[int, ...]:
    """After how many minutes the first, second and third channel of a person ring."""
    text = settings.get("PLACET_NOTICE_MINUTES", "0,5,15")
    if not re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4}){2}", text, re.ASCII):
        raise ImproperlyConfigured("PLACET_NOTICE_MINUTES takes three numbers such as 0,5,15.")
    found = tuple(int(each) for each in text.split(","))
    if list(found) != sorted(found) or found[-1] > _DAY:
        raise ImproperlyConfigured("PLACET_NOTICE_MINUTES must rise, up to 1440.")
    return found
