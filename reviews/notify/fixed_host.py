"""A POST to the one host that the settings name: https, its address looked up once, no redirect, no proxy."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from reviews.models import Why
from reviews.notify.failed import Failed

SECONDS = 8.0
MOST_BYTES = 64 * 1024
_LONGEST_WAIT = 3600
_SECONDS = re.compile(r"[0-9]{1,6}", re.ASCII)


def post(origin: str, path: str, body: Mapping[str, Any], token: str) -> dict[str, Any]:
    """The JSON object it answers with. `Failed` for everything else, within 8 seconds a step."""
    deadline = time.monotonic() + SECONDS
    parts = urlsplit(origin)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    address = pinned(host, port)
    shown = f"[{address}]" if ":" in address else address
    headers = {
        "Host": parts.netloc,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json; charset=utf-8",
        "Accept-Encoding": "identity",
    }
    # the certificate is checked for the name, whatever address it was found at
    named = {"sni_hostname": host}
    try:
        with (
            httpx.Client(follow_redirects=False, trust_env=False, timeout=SECONDS) as client,
            client.stream(
                "POST", f"{parts.scheme}://{shown}:{port}{path}", content=json.dumps(body), headers=headers,
                extensions=named,
            ) as response,
        ):  # fmt: skip
            if response.status_code != 200:
                raise _refusal(response)
            found = json.loads(_read(response, deadline))
    except httpx.TimeoutException:
        raise Failed(Why.SLOW) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        raise Failed(Why.UNREACHABLE) from None
    except (ValueError, RecursionError):
        raise Failed(Why.BROKEN) from None
    if not isinstance(found, dict):
        raise Failed(Why.BROKEN)
    return found


def pinned(host: str, port: int) -> str:
    """The address to connect to, looked up this once. One inside our own network is none, but on a local instance."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise Failed(Why.UNREACHABLE) from None
    if settings.PLACET_MODE != "local" and not all(ipaddress.ip_address(each).is_global for each in found):
        raise Failed(Why.REFUSED)
    return found[0]


def _read(response: httpx.Response, deadline: float) -> bytes:
    read = b""
    for part in response.iter_raw(4096):
        read += part
        if len(read) > MOST_BYTES:
            raise Failed(Why.BROKEN)
        if time.monotonic() > deadline:
            raise Failed(Why.SLOW)
    return read


def _refusal(response: httpx.Response) -> Failed:
    if response.status_code == 429:
        asked = response.headers.get("Retry-After", "")
        return Failed(Why.BUSY, wait=min(int(asked), _LONGEST_WAIT) if _SECONDS.fullmatch(asked) else 0)
    if response.status_code in (408, 500, 502, 503, 504):
        return Failed(Why.UNREACHABLE)
    return Failed(Why.REFUSED)
