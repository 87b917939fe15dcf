"""OPA over HTTP behind the same interface: the operator loads bundles there, and says with each which one it is."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import httpx

from governance.engines.protocol import Program, Raw, all_failed

MOST_BYTES = 64 * 1024
# The package in which an exported bundle says its digest, so that another version never answers for it.
STAMPS = "placet.stamps"


class Opa:
    """One OPA at a fixed address. Every answer is asked for under the digest that is active here."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(follow_redirects=False, trust_env=False)

    def evaluate(self, programs: Sequence[Program], document: str, *, seconds: float) -> list[Raw]:
        """The answers; what OPA does not serve in this version is `not_loaded`, what is late `slow`."""
        deadline = time.monotonic() + seconds
        found: list[Raw] = []
        body = b'{"input":' + document.encode() + b"}"
        for program in programs:
            found += self._one(program, body, deadline)
        return found

    def prepare(self, programs: Sequence[Program], *, seconds: float) -> None:
        """Open a connection, so that the first decision does not wait for it."""
        self._get("system/nothing", b"{}", time.monotonic() + seconds)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _one(self, program: Program, body: bytes, deadline: float) -> list[Raw]:
        stamp, failure = self._get(f"{STAMPS}.{program.name}.digest", b"{}", deadline)
        if failure or stamp != program.digest:
            return all_failed([program], failure or "not_loaded")
        return [self._rule(program.digest, rule, package, body, deadline) for rule, package in program.rules]

    def _rule(self, digest: str, rule: str, package: str, body: bytes, deadline: float) -> Raw:
        answer, failure = self._get(package, body, deadline)
        if failure or not isinstance(answer, dict):
            return Raw(digest, rule, None, None, failure or "undefined")
        return Raw(digest, rule, answer.get("tier"), answer.get("reasons"), "")

    def _get(self, package: str, body: bytes, deadline: float) -> tuple[Any, str]:
        """The value of a package, and how it failed. Each wait of the client ends with the whole deadline."""
        url = f"{self._url}/v1/data/{package.replace('.', '/')}"
        try:
            with self._client.stream("POST", url, content=body, timeout=_left(deadline), headers=_JSON) as response:
                if response.status_code != 200:
                    return None, "broken"
                read = b""
                for part in response.iter_raw(4096):
                    read += part
                    if len(read) > MOST_BYTES:
                        return None, "huge"
                    _left(deadline)
            found = json.loads(read)
        except httpx.TimeoutException:
            return None, "slow"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
            return None, "crashed"
        return (found.get("result"), "") if isinstance(found, dict) else (None, "broken")


_JSON = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpx.PoolTimeout("no time is left")
    return left


def stamp(program: Program) -> tuple[str, str]:
    """Name and text of the file that says in OPA which bundle it has."""
    return f"placet_stamp_{program.name}.rego", f'package {STAMPS}.{program.name}\n\ndigest := "{program.digest}"\n'
