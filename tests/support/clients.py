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
        self._agents = _SurfaceClientHandler(surface.api(), enforce_csrf_checks)
        self._people = _SurfaceClientHandler(surface.web(), enforce_csrf_checks)

    def __call__(self, environ: dict[str, Any]) -> Any:
        chosen = self._agents if surface.is_api(environ["PATH_INFO"]) else self._people
        return chosen(environ)


class SurfaceClient(Client):
    """Django's test client on both surfaces: /api/ without sessions and CSRF, the rest with them."""

    def __init__(self, *, enforce_csrf_checks: bool = False, **defaults: Any) -> None:
        super().__init__(enforce_csrf_checks=enforce_csrf_checks, **defaults)
        self.handler = _Dispatcher(enforce_csrf_checks)
