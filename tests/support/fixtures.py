"""Databases, servers and clients for tests; docs/how-to/test.md tells which one to take."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from config.services import keeper
from config.services.stack import Endpoints
from tests.support import browser as chromium
from tests.support import templates
from tests.support.clients import SurfaceClient
from tests.support.live import Servers
from tests.support.stages import Stages, connected, stage_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_BEGINNING = pytest.StashKey[str]()
_STAGES = pytest.StashKey[Stages]()


@dataclass(frozen=True)
class Committed:
    """A database of this test alone, in which commits are real."""

    url: str
    owner_url: str
    admin_url: str
    environment: dict[str, str]

    def connect(self, *, role: str = "app") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of its own in autocommit, as ``app``, ``owner`` or ``admin`` (superuser)."""
        url = {"app": self.url, "owner": self.owner_url, "admin": self.admin_url}[role]
        return psycopg.connect(url, autocommit=True)


@dataclass(frozen=True)
class Records:
    """A database of records: ``owner_url`` loads it, Placet reads it as connector ``records`` (``reader_url``)."""

    owner_url: str
    reader_url: str


@pytest.fixture(scope="session")
def services() -> Iterator[Endpoints]:
    """The embedded PostgreSQL and Valkey of this checkout, started on demand."""
    with keeper.using(templates.STATE) as endpoints:
        settings.REDIS_URL = settings.CELERY_BROKER_URL = endpoints.redis
        yield endpoints


@pytest.fixture(scope="session")
def template(services: Endpoints) -> str:
    return templates.ensure_template(services.access)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Nothing to rename for xdist: each process has a clone of its own."""


@pytest.fixture(scope="session")
def stages(services: Endpoints, template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Stages]:
    """What tests of this process begin with, each built when the first test takes it."""
    with contextlib.ExitStack() as databases:
        yield Stages(services.access, template, databases)


@pytest.fixture(scope="session")
def django_db_setup(
    stages: Stages, request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """One clone of each stage for all tests of this process that roll back."""
    with django_db_blocker.unblock(), connected(stages.access.url("app", stages.template)):
        stages.enter(request.config.stash[_BEGINNING])
        request.config.stash[_STAGES] = stages
        yield
        del request.config.stash[_STAGES]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a test opens its transaction, the connection leads to the database of its stage."""
    fixtures = getattr(item, "fixturenames", ())
    item.config.stash[_BEGINNING] = stage_of(fixtures)
    rolls_back = {"db", "django_db_setup"} & set(fixtures) or item.get_closest_marker("django_db")
    if rolls_back and _STAGES in item.config.stash:
        item.config.stash[_STAGES].enter(item.config.stash[_BEGINNING])


@pytest.fixture
def committed(
    services: Endpoints,
    stages: Stages,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Committed]:
    """A fresh clone of the test's stage, where commits are real and other processes may join; dropped after it."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("`committed` replaces `db`: take one of them.", pytrace=False)
    access = services.access
    with django_db_blocker.unblock():
        source = stages.source(stage_of(request.fixturenames))
    with templates.clone(access, source) as name:
        roles = templates.role_environment(access, name)
        environment = {"PLACET_MODE": "local", "PLACET_STATIC": "finders", "REDIS_URL": services.redis, **roles}
        environment["PLACET_QUEUE"] = name  # workers of this test take no task of another
        environment["PLACET_SECRET_KEY"] = settings.SECRET_KEY
        environment["PLACET_SIGNING_KEY"] = _base64url(settings.PLACET_SIGNING_KEY)
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        with django_db_blocker.unblock(), connected(access.url("app", name)):
            yield Committed(access.url("app", name), access.url("owner", name), access.url("admin", name), environment)


def _base64url(seed: bytes) -> str:
    return base64.urlsafe_b64encode(seed).decode().rstrip("=")


@pytest.fixture
def transactional_db() -> None:
    """pytest-django would empty the tables with TRUNCATE, which the audit triggers forbid."""
    pytest.fail("Take the fixture `committed` instead of `transactional_db`.", pytrace=False)


@pytest.fixture
def records(services: Endpoints, monkeypatch: pytest.MonkeyPatch) -> Iterator[Records]:
    """A fresh database of records, known to this process and its children as connector ``records``."""
    with templates.empty_records(services.access) as name:
        found = Records(services.access.url("owner", name), services.access.url("reader", name))
        monkeypatch.setenv("PLACET_CONNECTOR_RECORDS_URL", found.reader_url)
        monkeypatch.setenv("PLACET_RECORDS_OWNER_URL", found.owner_url)
        monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", found.reader_url)
        monkeypatch.setattr(settings, "PLACET_RECORDS_OWNER_URL", found.owner_url, raising=False)
        yield found


@pytest.fixture
def servers(committed: Committed) -> Iterator[Servers]:
    """Starts real server processes on the committed database: ``servers.start("api")`` gives an address."""
    running = Servers(committed.environment)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def live(servers: Servers) -> str:
    """The address of one real server process of surface ``all``."""
    return servers.start("all")


@pytest.fixture
def client() -> SurfaceClient:
    """Django's test client with the middleware each surface really has."""
    return SurfaceClient()


@pytest.fixture
def csrf_client() -> SurfaceClient:
    """The same, insisting on CSRF tokens as a browser's server would."""
    return SurfaceClient(enforce_csrf_checks=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one these tests fail in CI and are skipped, visibly, elsewhere."""
    from playwright.sync_api import sync_playwright  # 0.3 s that most sessions never need

    found = chromium.find()
    if found is None:
        sentence = "There is no browser: run .ci/run, or name one in CHROMIUM_PATH."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
    node = chromium.node()
    if node is not None:
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found.path, args=list(chromium.FLAGS), env=found.environment()
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page of 1280 x 800 in a context of its own; five seconds for anything to happen."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(5_000)
    yield context.new_page()
    context.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _let_one_migrate(config, items)
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and (marker.args or set(marker.kwargs) - {"databases"}):
            raise pytest.UsageError(f"{item.nodeid}: take the fixture `committed` instead of transaction=True.")


def _let_one_migrate(config: pytest.Config, items: list[pytest.Item]) -> None:
    """While one process of several makes the template, the next begins with pure tests instead of waiting for it.

    Each gets as many tests to begin with as pytest-xdist says: a fourth of its share.
    """
    count = int(getattr(config, "workerinput", {"workercount": 1})["workercount"])
    if count > 1:
        first = len(items) // (4 * count)
        pure = [item for item in items if item.nodeid.startswith("tests/policy/")]
        others = [item for item in items if not item.nodeid.startswith("tests/policy/")]
        items[:] = [*others[:first], *pure, *others[first:]]


def pytest_configure() -> None:
    # Playwright's synchronous API runs an event loop in the thread of the test.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
