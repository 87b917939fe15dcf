"""An answer of a call as HTTP."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse


def told(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """An answer as JSON, for this agent at this moment: nobody may keep it."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json", headers=kept)
