from __future__ import annotations

from typing import Any

from django.test.client import Client, ClientHandler

from config import surface


class _SurfaceClientHandler(surface.SurfaceHandler, ClientHandler):
    def __init__(self, chosen: surface.Surface, enforce_csrf_checks: bool) -> None:
        self.surface = chosen
        super().__init__(enforce_csrf_checks)


class _Dispatcher(ClientHandler):
    """What config.surface does for surface ``all``, with the test client's handlers."""

    def __init__(self, enforce_csrf_checks: bool) -> None:
        super().__init__(enforce_csrf_checks)
        self._handlers = {
            key: _SurfaceClientHandler(chosen, enforce_csrf_checks) for key, chosen in surface.surfaces("all").items()
        }

    def __call__(self, environ: dict[str, Any]) -> Any:
        return self._handlers[surface.choose("all", environ["PATH_INFO"])](environ)


class SurfaceClient(Client):
    """Django's test client on both surfaces: /api/ without sessions and CSRF, the rest with them."""

    def __init__(self, *, enforce_csrf_checks: bool = False, **defaults: Any) -> None:
        super().__init__(enforce_csrf_checks=enforce_csrf_checks, **defaults)
        self.handler = _Dispatcher(enforce_csrf_checks)
