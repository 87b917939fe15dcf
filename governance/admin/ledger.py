from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan
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


# What an entry is about: an action, its case, its grants. Each of them leads to the entries of the others.
_ABOUT = ("action", "escalation", "grant")
# Nobody reads more entries about one thing than this on a page of the desk.
_MOST = 2_000


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
    search_fields = ("seq",)  # for the box alone: what it means stands below
    search_help_text = _(
        "The id of an action, a case or a grant finds every entry about it, and about what belongs to it."
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        """Entries about an id. There is no index for it: the ledger is read twice, by the database."""
        try:
            wanted = {str(UUID(search_term.strip()))} if search_term else set()
        except ValueError:
            return queryset.none(), False
        if not wanted:
            return queryset, False
        found = _naming(wanted).values_list("body", flat=True)[:_MOST]
        entries = (
            _naming(wanted | _beside(wanted, map(bytes, found))).order_by("-seq").values_list("seq", flat=True)[:_MOST]
        )
        return queryset.filter(pk__in=list(entries)), False

    @admin.display(description="body")
    def text(self, entry: LedgerEntry) -> str:
        return bytes(entry.body).decode("utf-8", "replace")

    @admin.display(description="leaf")
    def hash(self, entry: LedgerEntry) -> str:
        return bytes(entry.leaf).hex()


def _naming(ids: Iterable[str]) -> QuerySet[LedgerEntry]:
    """Entries whose body has one of these ids anywhere."""
    either = Q()
    for each in sorted(ids):
        place = Func(
            Value(each.encode()), F("body"), function="position", arg_joiner=" in ", output_field=IntegerField()
        )
        either |= Q(GreaterThan(place, 0))
    return LedgerEntry.objects.filter(either)


def _beside(wanted: set[str], bodies: Iterable[bytes]) -> set[str]:
    """The action, case and grant of entries that are about what is wanted, and do not only name it."""
    about = [{body[name] for name in _ABOUT if isinstance(body.get(name), str)} for body in map(json.loads, bodies)]
    return {each for ids in about if ids & wanted for each in ids}
