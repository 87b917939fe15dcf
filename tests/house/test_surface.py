from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path as django_path
from django.urls import reverse

from config import health, surface
from tests.support.clients import SurfaceClient
from tests.support.fixtures import Committed


def _call(application: surface.WSGIApplication, target: str, host: str = "127.0.0.1") -> tuple[str, dict[str, str]]:
    environ = RequestFactory().get(target, headers={"host": host}).environ
    answer: list[Any] = []
    body: Iterable[bytes] = application(environ, lambda status, headers, *_: answer.extend((status, dict(headers))))
    list(body)
    return answer[0], answer[1]


@pytest.mark.parametrize(
    ("target", "chosen"),
    [
        ("/api/v1/actions/", "api"),
        ("/.well-known/jwks.json", "api"),
        ("/oauth/introspect", "api"),
        ("/", "web"),
        ("/api", "web"),
        ("/apiary/", "web"),
        ("/admin/api/", "web"),
        ("//api/v1/", "web"),
        ("/livez", "health"),
        ("/readyz", "health"),
        ("/livez/", "web"),
    ],
)
def test_one_port_sends_each_path_to_its_audience(target: str, chosen: str) -> None:
    assert surface.choose("all", target) == chosen


@pytest.mark.parametrize("name", ["api", "web"])
def test_a_single_surface_serves_only_itself_and_the_probes(name: str) -> None:
    assert surface.choose(name, "/api/v1/actions/") == name
    assert surface.choose(name, "/queue/") == name
    assert surface.choose(name, "/livez") == "health"
    assert set(surface.surfaces(name)) == {"health", name}


def test_agents_meet_no_session_no_csrf_and_no_user() -> None:
    words = " ".join(surface.api().middleware).lower()
    assert not any(word in words for word in ("session", "csrf", "auth", "messages"))
    assert len(surface.api().middleware) <= 2


def test_people_meet_the_content_policy_before_anything_can_answer() -> None:
    names = surface.web().middleware
    assert names.index("csp.middleware.CSPMiddleware") < names.index("whitenoise.middleware.WhiteNoiseMiddleware")


def test_handlers_leave_the_settings_as_they_found_them() -> None:
    before = list(settings.MIDDLEWARE)
    surface.dispatcher("all")
    assert before == settings.MIDDLEWARE


def test_a_page_carries_the_strict_policy_and_a_probe_does_not_bother() -> None:
    application = surface.dispatcher("all")
    _, page = _call(application, "/static/nothing-here.css")
    policy = {part.strip() for part in page["Content-Security-Policy"].split(";")}
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= policy
    assert not any("unsafe" in part or "nonce" in part for part in policy)
    status, probe = _call(application, "/livez")
    assert status == "200 OK"
    assert "Content-Security-Policy" not in probe
    assert probe["Content-Length"] == "3"


def test_a_probe_may_ask_by_any_address() -> None:
    status, _ = _call(surface.dispatcher("web"), "/livez", host="10.1.2.3:8000")
    assert status == "200 OK"
    status, _ = _call(surface.dispatcher("web"), "/", host="evil.example")
    assert status == "400 Bad Request"


def _echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.urlconf} {hasattr(request, 'session')} {reverse('here')}")


def test_each_handler_resolves_names_of_its_own_urlconf(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, chosen in (("agents", surface.api()), ("people", surface.web())):
        module = ModuleType(name)
        module.urlpatterns = [django_path(f"{name}/", _echo, name="here")]  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
        served = surface.Surface(name, name, chosen.middleware)
        application: surface.WSGIApplication = surface.SurfaceApplication(served)
        environ = RequestFactory().get(f"/{name}/", headers={"host": "127.0.0.1"}).environ
        body = b"".join(application(environ, lambda *_: None))
        assert body.decode() == f"{name} {name == 'people'} /{name}/"


def test_readiness_reports_a_lost_database(db: None, client: SurfaceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").status_code == 200

    def refuse() -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", refuse)
        assert client.get("/readyz").status_code == 503
    assert client.post("/readyz").status_code == 405


def test_readiness_waits_for_the_tables_that_the_process_knows(
    committed: Committed, client: SurfaceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_seen", set())
    last = "(select max(id) from django_migrations where app = 'reviews')"
    with committed.connect(role="admin") as admin:
        admin.execute(f"update django_migrations set app = 'earlier' where id = {last}")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"database not migrated\n")
    with committed.connect(role="admin") as admin:
        admin.execute("update django_migrations set app = 'reviews' where app = 'earlier'")
    assert client.get("/readyz").status_code == 200
