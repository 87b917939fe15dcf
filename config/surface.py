from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Everything else belongs to people.
API_PREFIXES = ("/api/", "/.well-known/", "/oauth/")
# Probes ask by address and without https, so they get past host names, redirects and sessions.
HEALTH_PATHS = frozenset({"/livez", "/readyz"})

_loading = threading.Lock()


@dataclass(frozen=True)
class Surface:
    """One audience: its URLconf and its own middleware."""

    name: str
    urlconf: str
    middleware: tuple[str, ...]


def api() -> Surface:
    """Agents: no session, no CSRF, no user; every key is checked by the view itself."""
    return Surface("api", "config.urls_api", tuple(settings.API_MIDDLEWARE))


def web() -> Surface:
    """People in a browser."""
    return Surface("web", "config.urls_web", tuple(settings.MIDDLEWARE))


def health() -> Surface:
    """Probes of whatever runs the containers."""
    return Surface("health", "config.health", ())


def choose(name: str, path: str) -> str:
    """Which of ``health``, ``api`` and ``web`` answers a path in a process of surface ``name``."""
    if path in HEALTH_PATHS:
        return "health"
    if name == "all":
        return "api" if path.startswith(API_PREFIXES) else "web"
    return name


class SurfaceHandler(BaseHandler):
    """Mixin for a Django handler that serves one surface instead of the process-wide settings."""

    surface: Surface

    def load_middleware(self, is_async: bool = False) -> None:
        # Django reads the list from settings only here, at start: lend it ours, then give it back.
        with _loading:
            before = settings.MIDDLEWARE
            settings.MIDDLEWARE = list(self.surface.middleware)
            try:
                super().load_middleware(is_async=is_async)
            finally:
                settings.MIDDLEWARE = before

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = self.surface.urlconf
        response = super().get_response(request)
        if not response.streaming and not response.has_header("Content-Length"):
            # CommonMiddleware would do this; without it the server falls back to chunks.
            response.headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        return response


class SurfaceApplication(SurfaceHandler, WSGIHandler):
    """A WSGI application for one surface."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        super().__init__()


def surfaces(name: str) -> dict[str, Surface]:
    """What a process of surface ``api``, ``web`` or ``all`` serves."""
    served = {"health": health(), "api": api(), "web": web()}
    return served if name == "all" else {key: served[key] for key in ("health", name)}


def dispatcher(name: str) -> WSGIApplication:
    """The application of surface ``api``, ``web`` or ``all``: one port, each audience with its own handler."""
    handlers = {key: SurfaceApplication(surface) for key, surface in surfaces(name).items()}

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return handlers[choose(name, environ.get("PATH_INFO", ""))](environ, start_response)

    return application
