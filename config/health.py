from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

_seen: set[str] = set()


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can reach its database, and finds the tables it knows: else nothing can be decided here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        if not _migrated():
            return HttpResponse("database not migrated\n", status=503, content_type="text/plain")
    except DatabaseError:
        return HttpResponse("database unreachable\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def _migrated() -> bool:
    # Looked up until it is so: migrations are not taken back below a process that runs.
    if not _seen:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _seen.add("migrated")
    return True


urlpatterns: list[URLPattern] = [path("livez", livez, name="livez"), path("readyz", readyz, name="readyz")]
