"""How allauth works here: nobody signs up, a second factor comes before a password, secrets are stored encrypted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from governance import first_password
from governance.proof import has_second_factor

_SECOND = (
    ("mfa_reauthenticate:webauthn", _("Use your passkey or security key")),
    ("mfa_reauthenticate", _("Use a code of your app, or a recovery code")),
)


class Closed(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: the council enrols people."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("This name and this password do not belong together."),
        "incorrect_password": _("This is not your password."),
        "too_many_login_attempts": _("Too many tries. Wait a quarter of an hour, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Not the same form again: whoever changed their password signs in with it and comes to Security."""
        return reverse("security")

    def set_password(self, user: User, password: str) -> None:
        """By the verb, with its entry."""
        first_password.change_password(user, password=password)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor confirms with it: a password alone proves less than the sign-in did.

        A passkey comes first: it is one press, and whoever has one alone has no code but those for recovery.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and has_second_factor(user.pk):
            given = {method["id"]: method for method in methods}
            return [{**given[name], "description": words} for name, words in _SECOND if name in given]
        if user.is_authenticated and not methods and settings.PLACET_SSO_ISSUER:
            return [{"id": "sso", "description": _("Sign in anew at the provider"), "url": reverse("sso")}]
        return methods


class Factors(DefaultMFAAdapter):  # type: ignore[misc]
    """Who reads the database alone cannot make codes: seeds of authenticator apps and recovery codes are encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is wrong or over. Type the one that shows now."),
    }

    def generate_authenticator_name(self, user: Any, kind: Any) -> str:
        """What a new key is called until its person says otherwise."""
        held: int = Authenticator.objects.filter(user_id=user.pk, type=kind).count()
        return gettext("Key %d") % (held + 1)

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> Fernet:
    key = hashlib.sha256(b"placet second factors\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
