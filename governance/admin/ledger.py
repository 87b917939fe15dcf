from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

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


# What an entry is about: an action, its case, its grants. Each of them leads to the entries of the others.
_ABOUT = ("action", "escalation", "grant")
# Nobody reads more entries about one thing than this on a page of the desk.
_MOST = 2_000
# The entry of a decision is written by the statement that writes its action, which waits two seconds for each of many
# locks. It is read up to the first that fits, so a wide end costs only what is not there.
_NAMING = """
with about as (
  select id from unnest(%(ids)s::uuid[]) id
  union select action_id from governance_grant where id = any(%(ids)s::uuid[])
  union select action_id from reviews_escalation where id = any(%(ids)s::uuid[])),
named as materialized (  -- so that nobody reads the newest entries one by one in the hope of these
  select seq, body from governance_ledgerentry
    where kind <> 'action_decided' and placet_entry_ids(body) && %(ids)s::text[])
select seq, body from (
  select seq, body from named
  union all
  select l.seq, l.body from about join governance_action a on a.id = about.id cross join lateral (
    select seq, body from governance_ledgerentry where kind = 'action_decided'
      and at between a.created_at - interval '1 s' and a.created_at + interval '5 minutes'
      and position(convert_to(a.id::text, 'UTF8') in body) > 0 order by at limit 1) l
) found order by seq desc limit %(most)s
"""


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
        """Entries about an id: those that name it, and those that name what belongs to it."""
        try:
            wanted = {str(UUID(search_term.strip()))} if search_term else set()
        except ValueError:
            return queryset.none(), False
        if not wanted:
            return queryset, False
        beside = _beside(wanted, (body for _, body in _naming(wanted)))
        return queryset.filter(pk__in=[seq for seq, _ in _naming(wanted | beside)]), False

    @admin.display(description="body")
    def text(self, entry: LedgerEntry) -> str:
        return bytes(entry.body).decode("utf-8", "replace")

    @admin.display(description="leaf")
    def hash(self, entry: LedgerEntry) -> str:
        return bytes(entry.leaf).hex()


def _naming(ids: set[str]) -> list[tuple[int, bytes]]:
    """The newest entries that name one of these ids, and the decisions of the actions, cases and grants among them."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMING, {"ids": sorted(ids), "most": _MOST})
        return [(seq, bytes(body)) for seq, body in cursor.fetchall()]


def _beside(wanted: set[str], bodies: Iterable[bytes]) -> set[str]:
    """The action, case and grant of entries that are about what is wanted, and do not only name it."""
    about = [{body[name] for name in _ABOUT if isinstance(body.get(name), str)} for body in map(json.loads, bodies)]
    return {each for ids in about if ids & wanted for each in ids}
