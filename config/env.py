from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Env = Mapping[str, str]

_CONNECTOR = re.compile(r"PLACET_CONNECTOR_([A-Z0-9]+(?:_[A-Z0-9]+)*?)_URL(_FILE)?", re.ASCII)
_MEANT_AS_CONNECTOR = re.compile(r"PLACET_CONNECTOR_.+_URL(_FILE)?")
_HOST = re.compile(r"\*|\.?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]", re.ASCII)


def boolean(env: Env, name: str, default: bool) -> bool:
    """Exactly ``True`` or ``False``; anything else is a typing error worth a stop."""
    value = env.get(name, str(default))
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False.")
    return value == "True"


def integer(env: Env, name: str, default: int, low: int, high: int) -> int:
    """A whole number in ``low..high``, both included."""
    value = env.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}.")
    return int(value)


def choice(env: Env, name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(allowed)}.")
    return value


def word(env: Env, name: str, default: str) -> str:
    """1 to 80 letters, digits, dots, dashes or underscores."""
    value = env.get(name, default)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", value, re.ASCII):
        raise ImproperlyConfigured(f"{name} takes up to 80 letters, digits, dots, dashes and underscores.")
    return value


def names(env: Env, name: str) -> list[str]:
    """A comma-separated list without empty members; unset is the empty list."""
    value = env.get(name, "")
    members = [member.strip() for member in value.split(",")] if value else []
    if not all(members):
        raise ImproperlyConfigured(f"{name} has an empty member.")
    return members


def hosts(env: Env, name: str) -> list[str]:
    """Host names or addresses without scheme, port or path."""
    members = names(env, name)
    if not all(_HOST.fullmatch(member) for member in members):
        raise ImproperlyConfigured(f"{name} takes bare host names, without scheme, port or path.")
    return members


def origins(env: Env, name: str) -> list[str]:
    """``scheme://host[:port]`` members, nothing behind the host."""
    members = names(env, name)
    for member in members:
        parts = urlsplit(member)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            raise ImproperlyConfigured(f"{name} takes origins such as https://console.example.")
    return members


def secret(env: Env, name: str) -> str | None:
    """The value of ``NAME``, or the content of the file that ``NAME_FILE`` names; never both."""
    value, path = env.get(name), env.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; keep one.")
    if path is not None:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read.") from error
    if value is not None and not value:
        raise ImproperlyConfigured(f"{name} is empty.")
    return value


def key(env: Env, name: str, fallback: str | None) -> str:
    """A text that nobody guesses: 32 characters at least."""
    text = secret(env, name) or fallback
    if text is None:
        raise ImproperlyConfigured(f"{name} is missing.")
    if len(text) < 32:
        raise ImproperlyConfigured(f"{name} must have 32 characters or more.")
    return text


def address(env: Env, name: str) -> str:
    """``http(s)://host[:port]`` with nothing behind it, or empty where it is unset."""
    text = secret(env, name) or ""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address.") from error
    if not good or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(f"{name} must look like http://127.0.0.1:8181.")
    return text.rstrip("/")


def issuer(env: Env, name: str, *, insecure: bool) -> str:
    """The address of an OpenID provider exactly as it names itself; empty where it is unset. http only if insecure."""
    text = env.get(name, "")
    try:
        parts = urlsplit(text)
        good = parts.scheme in ({"https", "http"} if insecure else {"https"}) and bool(parts.hostname)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address.") from error
    if text and (not good or parts.query or parts.fragment or parts.username):
        raise ImproperlyConfigured(f"{name} must look like https://login.example.")
    return text


def seed(env: Env, name: str, fallback: bytes | None) -> bytes:
    """32 bytes as unpadded base64url: the seed of an Ed25519 key."""
    text = secret(env, name)
    if text is None:
        if fallback is None:
            raise ImproperlyConfigured(f"{name} is missing.")
        return fallback
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", text, re.ASCII):
        raise ImproperlyConfigured(f"{name} must be 32 bytes in base64url.")
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=")
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured(f"{name} must be 32 bytes in base64url.") from error


def database(url: str, name: str) -> dict[str, Any]:
    """A Django database entry from a ``postgresql://`` address; the password is never repeated in an error."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address.") from error
    database_name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not database_name or parts.fragment:
        raise ImproperlyConfigured(f"{name} must look like postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query, keep_blank_values=True)),
    }


def redis(env: Env, name: str, fallback: str | None) -> str:
    url = secret(env, name) or fallback
    if url is None:
        raise ImproperlyConfigured(f"{name} is missing.")
    try:
        parts = urlsplit(url)
        good = parts.scheme == "unix" or (
            parts.scheme in ("redis", "rediss")
            and bool(parts.hostname)
            and parts.port != 0
            and re.fullmatch(r"/?[0-9]{0,4}", parts.path, re.ASCII) is not None
        )
    except ValueError:
        good = False
    if not good:
        raise ImproperlyConfigured(f"{name} must look like redis://host:6379/0.")
    return url


def connectors(env: Env) -> dict[str, str]:
    """Addresses of the systems of record by lower-case name, from ``PLACET_CONNECTOR_<NAME>_URL``."""
    found: dict[str, str] = {}
    for name in env:
        if not _MEANT_AS_CONNECTOR.fullmatch(name):
            continue
        match = _CONNECTOR.fullmatch(name)
        if match is None:
            raise ImproperlyConfigured(f"{name} names no connector: write PLACET_CONNECTOR_<NAME>_URL in capitals.")
        url = secret(env, name.removesuffix("_FILE"))
        if url is None or not _is_postgresql(url):
            raise ImproperlyConfigured(f"{name} must be a postgresql:// address of a read-only role.")
        found[match[1].lower()] = url
    return found


def _is_postgresql(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("postgresql", "postgres") and parts.port != 0
    except ValueError:
        return False


def environment() -> Env:
    return os.environ
