"""A process beside one database that measures the console from inside: no network, the middleware of the product.

It reads one JSON command a line and answers one JSON line; times are in milliseconds of this process.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import django

# What the product logs goes to the terminal; only answers go to whoever asks.
_ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (after settings)
from django.contrib.auth.models import User  # noqa: E402

from reviews import candidates  # noqa: E402
from tests.support.clients import SurfaceClient  # noqa: E402

# Nobody collected static files for the bench; their names are as long without a hash as makes no difference.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

_HTMX = {"HX-Request": "true"}


def visitor(name: str) -> SurfaceClient:
    """A browser in which this person is signed in."""
    client = SurfaceClient(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def timed(one: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    one()
    return (time.perf_counter() - begun) * 1000


def page(path: str, times: int) -> dict[str, Any]:
    """The whole page of an address."""
    client = visitor("ada")
    answer = client.get(path)
    rows = answer.content.decode().count("data-row")
    return {"status": answer.status_code, "rows": rows, "ms": [timed(lambda: client.get(path)) for _ in range(times)]}


def poll(path: str, times: int) -> dict[str, Any]:
    """The poll of an open page that has the newest rows."""
    client = visitor("ada")
    found = client.get(path, headers=_HTMX).content.decode()
    match = re.search(r"\"If-None-Match\": \"\\\"([0-9a-f]+)", found.replace("&quot;", '"'))
    headers = _HTMX | {"If-None-Match": f'"{match[1] if match else ""}"'}
    status = client.get(path, headers=headers).status_code
    return {"status": status, "ms": [timed(lambda: client.get(path, headers=headers)) for _ in range(times)]}


def free(name: str, times: int) -> dict[str, Any]:
    """The next free case of a reviewer."""
    viewer = User.objects.get(username=name).pk
    found = candidates.next_case(viewer=viewer)
    return {"case": str(found), "ms": [timed(lambda: candidates.next_case(viewer=viewer)) for _ in range(times)]}


def session() -> dict[str, Any]:
    """The session of a reviewer who proved just now who they are."""
    return {"session": visitor("ada").cookies["placet_session"].value}


_COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {"page": page, "poll": poll, "free": free, "session": session}


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        _ANSWERS.write(json.dumps(_COMMANDS[command.pop("do")](**command)) + "\n")
        _ANSWERS.flush()


if __name__ == "__main__":
    main()
