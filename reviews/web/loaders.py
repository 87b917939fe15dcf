"""Who may see and do what: every view of the console is declared here or it is not reachable at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from governance.actors import AUDITOR, COUNCIL, OPERATOR, REVIEWER, groups_of
from governance.problems import Code, Problem
from governance.proof import Proof
from reviews.web.errors import forbidden, refused

READERS = frozenset({REVIEWER, COUNCIL, AUDITOR})
OVERSEERS = frozenset({COUNCIL, AUDITOR, OPERATOR})
WATCHERS = READERS | {OPERATOR}
JUDGES = frozenset({REVIEWER})
SEATED = frozenset({COUNCIL})
AT_DESK = frozenset({COUNCIL, AUDITOR})
MENDERS = frozenset({COUNCIL, OPERATOR})
SIGNED_IN: frozenset[str] = frozenset()


class ConsoleRequest(HttpRequest):
    """A request of a signed-in person whose groups were read from the database for this very request."""

    htmx: HtmxDetails
    user: User
    groups: frozenset[str]
    # when they last showed that it is them
    proof: Proof | None


View = Callable[Concatenate[ConsoleRequest, ...], HttpResponse]


def page(groups: Collection[str]) -> Callable[[View], Callable[..., HttpResponse]]:
    """A page that members of any of `groups` may read (nobody named: everyone signed in)."""
    return _declared(groups, ("GET", "HEAD"))


def act(groups: Collection[str]) -> Callable[[View], Callable[..., HttpResponse]]:
    """One mutation, by POST alone, for members of any of `groups`."""
    return _declared(groups, ("POST",))


def _declared(groups: Collection[str], methods: tuple[str, ...]) -> Callable[[View], Callable[..., HttpResponse]]:
    def declare(view: View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_login(cast(ConsoleRequest, request))
            known = cast(ConsoleRequest, request)
            known.groups = groups_of(known.user)
            if groups and known.groups.isdisjoint(groups):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            try:
                return _private(view(known, *args, **kwargs))
            except Problem as problem:
                return _private(refused(known, problem))
            except PermissionDenied:
                return _private(forbidden(known))

        guarded.access = frozenset(groups)  # type: ignore[attr-defined]
        guarded.methods = methods  # type: ignore[attr-defined]
        return guarded

    return declare


@contextmanager
def or_404() -> Iterator[None]:
    """What does not exist is answered as an address that does not; every other problem goes on."""
    try:
        yield
    except Problem as problem:
        if problem.code is not Code.NOT_FOUND:
            raise
        raise Http404 from problem


def _to_login(request: ConsoleRequest) -> HttpResponse:
    """The login page, as a whole page also when only a fragment was asked for."""
    if not request.htmx:
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
    here = request.htmx.current_url_abs_path or "/"
    return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': here})}")


def _private(response: HttpResponse) -> HttpResponse:
    """Cases stay off disks and out of shared caches, and a fragment is never taken for its page."""
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ("HX-Request", "Cookie"))
    return response
