"""The product and the yardstick in one server process: same threads, same pool, same database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from config.surface import Surface, SurfaceApplication, dispatcher  # noqa: E402  (after settings)
from tests.bench.reference import PATH  # noqa: E402

_product = dispatcher("api")
_reference = SurfaceApplication(Surface("bench", "tests.bench.reference", ()))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The yardstick under its path, the product everywhere else."""
    handler = _reference if environ.get("PATH_INFO") == PATH else _product
    return handler(environ, start_response)
