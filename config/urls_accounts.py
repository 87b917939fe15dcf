"""Signing in and out, one's own password, second factors. Signing up is not among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from csp.decorators import csp_update
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from config import sso
from config.welcome import welcome
from reviews.web import security

# The views below are class-based and would take a PUT for a POST.
_form: Callable[[Any], Any] = require_http_methods(["GET", "HEAD", "POST"])
# The code to scan is drawn into the page itself, on this page alone.
_pictured: Callable[[Any], Any] = csp_update({"img-src": ["data:"]})

urlpatterns: list[URLPattern] = [
    path("login/", _form(account.login), name="account_login"),
    path("logout/", _form(account.logout), name="account_logout"),
    path("inactive/", _form(account.account_inactive), name="account_inactive"),
    path("reauthenticate/", _form(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", _form(account.password_change), name="account_change_password"),
    # a first password comes by a link of the council alone
    path("password/set/", security.show, name="account_set_password"),
    path("sso/", sso.start, name="sso"),
    path("sso/callback/", sso.callback, name="sso-callback"),
    path("welcome/<str:token>/", welcome, name="welcome"),
    # /accounts/2fa/
    path("2fa/", security.show, name="mfa_index"),
    path("2fa/authenticate/", _form(factors.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", _form(factors.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", _pictured(_form(totp.activate_totp)), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", _form(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", _form(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/generate/", _form(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("2fa/recovery-codes/download/", _form(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("2fa/webauthn/login/", _form(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("2fa/webauthn/", _form(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("2fa/webauthn/add/", _form(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/webauthn/reauthenticate/", _form(webauthn.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("2fa/webauthn/keys/<int:pk>/remove/", _form(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("2fa/webauthn/keys/<int:pk>/edit/", _form(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
]
