"""A process beside one database that measures the console from inside: no network, the middleware of the product.

It reads one JSON command a line and answers one JSON line; times are in milliseconds of this process.
"""

from __future__ import annotations

import gzip
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
from reviews.turn import take_next  # noqa: E402
from tests.support.clients import SurfaceClient  # noqa: E402

# Nobody collected static files for the bench; their names are as long without a hash as makes no difference.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# What was shown is noted as ever, but nobody here needs time to read it.
settings.PLACET_READING_SECONDS, settings.PLACET_READING_SECONDS_PER_CHECK = 1e-6, 0

_HTMX = {"HX-Request": "true"}


def visitor(name: str, *, then: str = "stay") -> SurfaceClient:
    """A browser in which this person is signed in."""
    client = SurfaceClient(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["placet_then"] = then
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


def decide(times: int) -> dict[str, Any]:
    """Approve and be shown the next case, again and again; the size of what is shown; a Django hello in turn."""
    client = visitor("ada", then="next")
    case = str(take_next(reviewer=User.objects.get(username="ada")))
    shown = client.get(f"/escalations/{case}/", headers=_HTMX)
    told: dict[str, Any] = {"ms": [], "hello": [], "bytes": [], "status": []}
    for _ in range(times):
        sent = dict(re.findall(r'name="(\w+_digest|consent)" value="([0-9a-f]*)"', shown.content.decode()))
        begun = time.perf_counter()
        shown = client.post(f"/escalations/{case}/approve/", sent, headers=_HTMX)
        told["ms"].append((time.perf_counter() - begun) * 1000)
        told["status"].append(shown.status_code)
        told["bytes"].append(len(gzip.compress(shown.content, 6)))
        told["hello"] += [timed(lambda: client.get("/livez")) for _ in range(3)]
        if "HX-Push-Url" not in shown:
            break
        case = shown["HX-Push-Url"].split("/")[2]
    return told


_COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {"page": page, "poll": poll, "free": free, "decide": decide}


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        _ANSWERS.write(json.dumps(_COMMANDS[command.pop("do")](**command)) + "\n")
        _ANSWERS.flush()


if __name__ == "__main__":
    main()
