from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from governance.admin.base import ReadOnlyAdmin
from governance.admin.site import site
from governance.models import LedgerEntry
from governance.record import Event

if TYPE_CHECKING:
    _Paginator = Paginator[LedgerEntry]
else:  # generic for the type checker only
    _Paginator = Paginator


class ByNumber(_Paginator):
    """Counting millions of entries for a page number is not worth a second: the last number is the count."""

    @cached_property
    def count(self) -> int:
        if isinstance(self.object_list, QuerySet) and self.object_list.query.where:
            return self.object_list.count()
        with connection.cursor() as cursor:
            cursor.execute("select coalesce(max(seq), 0) from governance_ledgerentry")
            last: int = cursor.fetchone()[0]
        return last


class ByKind(admin.SimpleListFilter):
    """The closed list of events, rather than every value that the table holds."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event.value, event.value.replace("_", " ")) for event in Event]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        return queryset if self.value() is None else queryset.filter(kind=self.value())


@admin.register(LedgerEntry, site=site)
class LedgerEntryAdmin(ReadOnlyAdmin):
    paginator = ByNumber
    list_display = ("seq", "at", "kind", "actor", "text")
    list_filter = (ByKind,)
    list_per_page = 100
    ordering = ("-seq",)
    view_fields = ("seq", "at", "kind", "actor", "text", "hash")

    @admin.display(description="body")
    def text(self, entry: LedgerEntry) -> str:
        return bytes(entry.body).decode("utf-8", "replace")

    @admin.display(description="leaf")
    def hash(self, entry: LedgerEntry) -> str:
        return bytes(entry.leaf).hex()
