"""What every child of a test imports first, without a setting of its own: forks.py says why."""

from __future__ import annotations

import gc
import importlib
import pkgutil

from django.conf import settings
from django.utils.functional import empty

from governance import policy

_LIBRARIES = (
    "argon2",
    "celery.app.amqp",
    "celery.app.task",
    "celery.fixups.django",
    "csp.middleware",
    "django.contrib.admin.sites",
    "django.contrib.auth.hashers",
    "django.contrib.postgres.fields",
    "django.contrib.staticfiles.finders",
    "django.core.handlers.wsgi",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.models",
    "django.forms",
    "django.template.backends.django",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.views.generic",
    "django_htmx.middleware",
    "fido2.server",
    "fido2.webauthn",
    "granian.cli",
    "granian.server",
    "httpx",
    "joserfc.jwk",
    "joserfc.jwt",
    "kombu.transport.redis",
    "ninja.errors",
    "ninja.openapi",
    "orjson",
    "psycopg.types.hstore",
    "psycopg.types.json",
    "psycopg.types.multirange",
    "psycopg_pool",
    "pytest_django.plugin",
    "qrcode",
    "redis",
    "rfc8785",
    "structlog",
    "whitenoise.middleware",
    "yaml",
)


def _preload() -> None:
    # Some of them look at Django's defaults when imported; none may keep them, so the settings are forgotten.
    settings.configure()
    for library in _LIBRARIES:
        importlib.import_module(library)
    settings._wrapped = empty
    # Of ours only what is pure: it knows no setting.
    for module in pkgutil.iter_modules(policy.__path__):
        importlib.import_module(f"{policy.__name__}.{module.name}")
    # What every child has from the beginning it need not look through whenever it collects garbage.
    gc.collect()
    gc.freeze()


_preload()
