from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from config.surface import dispatcher
from tests.api.wsgi import Transport
from tests.cast import Cast
from tests.reviews.scene import no_hold, scene, shop, shop_database

__all__ = ["no_hold", "scene", "shop", "shop_database"]

_KEYS = itertools.count(1)


@dataclass
class Desk:
    """An agent at the API: every post gets an Idempotency-Key of its own unless one is given."""

    client: httpx.Client
    key: str
    run: str = "run-1"
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        """POST a JSON body below /api/v1/."""
        sent = {"Idempotency-Key": key or f"test-{next(_KEYS)}", **self._authorised(), **headers}
        return self.client.post(f"/api/v1/{path}", json=body, headers=sent)

    def get(self, path: str) -> httpx.Response:
        """GET below /api/v1/."""
        return self.client.get(f"/api/v1/{path}", headers=self._authorised())

    def ask(self, *, key: str | None = None, **changes: Any) -> httpx.Response:
        """Ask for a refund of 10.00 to customer c1, changed as named."""
        return self.post("actions/", wanted(run=self.run) | changes, key=key)

    def holding(self, key: str) -> Desk:
        """The same desk with another agent's key."""
        return Desk(self.client, key, self.run)

    def _authorised(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **self.headers}


def wanted(amount: str = "10.00", customer: str = "c1", run: str = "run-1") -> dict[str, Any]:
    """A body for the refund of the cast."""
    return {
        "action_type": "bench.refund",
        "parameters": {"customer": customer, "amount": {"amount": amount, "currency": "USD"}},
        "run": run,
    }


@pytest.fixture
def agents_surface(db: None) -> Iterator[httpx.Client]:
    """The agents' surface in this process: it sees the transaction of the test."""
    # as Django's own test client does: the connection of the test must outlive a request
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        with httpx.Client(transport=Transport(dispatcher("api")), base_url="http://testserver") as client:
            yield client
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def desk(cast: Cast, agents_surface: httpx.Client) -> Desk:
    """Refunder at the API."""
    return Desk(agents_surface, cast.refunder_key)
