"""The agents' surface: `/api/v1/` and the keys of its tokens."""

from __future__ import annotations

from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from reviews.api import delegation, views
from reviews.api.openapi import serve
from reviews.api.parser import StrictParser
from reviews.api.problems import handle

api = NinjaAPI(
    title="Placet Agent API",
    version="1",
    description="Agents ask before they act. Times are RFC 3339 in UTC; money is a decimal string with a currency.",
    openapi_url=None,
    docs_url=None,
    parser=StrictParser(),
    urls_namespace="agents",
)
api.add_router("", views.router)
api.add_router("", delegation.router)
# ninja looks a handler up by class: its own for these three would win over one for Exception alone
for kind in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(kind, handle)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("api/v1/openapi.json", require_safe(serve(api)), name="openapi"),
    path(".well-known/jwks.json", require_safe(views.jwks), name="jwks"),
]
