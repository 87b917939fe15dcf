"""A person's own page about signing in: second factors, and the browsers in which they are signed in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render

from governance import sessions
from governance.proof import second_factor_wanted
from reviews.web.loaders import SIGNED_IN, ConsoleRequest, act, page


@page(SIGNED_IN)
def show(request: ConsoleRequest) -> HttpResponse:
    held = [each.wrap() for each in Authenticator.objects.filter(user=request.user).order_by("pk")]
    kinds = {each.instance.type: each for each in held}
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "totp": Authenticator.Type.TOTP in kinds,
        "passkeys": sum(each.instance.type == Authenticator.Type.WEBAUTHN for each in held),
        "codes_left": None if codes is None else len(codes.get_unused_codes()),
        "wanted": second_factor_wanted(request.user.pk),
        "relaxed": not settings.PLACET_REQUIRE_MFA,
        "password": request.user.has_usable_password(),
        "browsers": sessions.browsers(request.user, here=request.session.session_key),
    }
    return render(request, "security/page.html", context)


@act(SIGNED_IN)
def end(request: ConsoleRequest, session: int) -> HttpResponse:
    """End one of one's own sessions, if it has not ended by itself."""
    sessions.end(request.user, session)
    return redirect("security")


@act(SIGNED_IN)
def end_others(request: ConsoleRequest) -> HttpResponse:
    sessions.end_others(request.user, here=request.session.session_key)
    return redirect("security")
