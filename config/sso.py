"""Single sign-on: to the provider and back. It opens accounts that the council gave, and never makes one."""

from __future__ import annotations

import secrets
from dataclasses import asdict

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import oidc
from governance import single_sign_on
from governance.problems import Code, Problem
from reviews.web.errors import refused

_KEY = "placet_sso"


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider; `again` to confirm that it is still the same person."""
    taken = oidc.pending(_safe(request, request.GET.get("next", "")), again=request.user.is_authenticated)
    try:
        address = oidc.address(_provider(), taken, _callback(request))
    except oidc.Refused as error:
        return refused(request, Problem(Code.UNAVAILABLE, str(error)))
    request.session[_KEY] = asdict(taken)
    return redirect(address)


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """What the provider sent back: used once, and only by the browser that was sent there."""
    provider = _provider()
    stored = request.session.pop(_KEY, None)
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    if stored is None or not code or not secrets.compare_digest(stored["state"].encode(), state.encode()):
        return _told(request, _("This sign-in was not begun here, or was given up. Begin again."))
    taken = oidc.Pending(**stored)
    try:
        found = oidc.claims(provider, taken, code, _callback(request))
    except oidc.Refused as error:
        return _told(request, str(error))
    person = single_sign_on.person_of(subject=found.subject, email=found.email)
    if person is None:
        return _told(request, _("The provider knows you, and the council has not enrolled you here. Ask it to."))
    if not request.user.is_authenticated:
        record_authentication(request, person, method="sso")
        answer: HttpResponse = perform_login(request, Login(user=person, redirect_url=taken.next or None))
        return answer
    if person.pk != request.user.pk or not taken.again:
        return _told(request, _("The provider says that you are somebody else."))
    record_authentication(request, person, method="sso", reauthenticated=True)
    return redirect(taken.next or "/")


def _provider() -> oidc.Provider:
    if not settings.PLACET_SSO_ISSUER:
        raise Http404
    return oidc.Provider(settings.PLACET_SSO_ISSUER, settings.PLACET_SSO_CLIENT_ID, settings.PLACET_SSO_CLIENT_SECRET)


def _callback(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("sso-callback"))


def _safe(request: HttpRequest, page: str) -> str:
    """A page of ours, or empty."""
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else ""


def _told(request: HttpRequest, sentence: str) -> HttpResponse:
    return refused(request, Problem(Code.FORBIDDEN, sentence))
