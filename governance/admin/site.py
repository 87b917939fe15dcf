from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from governance.actors import AUDITOR, COUNCIL, groups_of
from governance.admin.named import speak


def seats(request: HttpRequest) -> frozenset[str]:
    """The groups of whoever asks, read once per request; `is_staff` and `is_superuser` give nothing."""
    held: frozenset[str] | None = getattr(request, "placet_seats", None)
    if held is None:
        held = groups_of(request.user) if isinstance(request.user, User) else frozenset()
        request.placet_seats = held  # type: ignore[attr-defined]
    return held


_methods = require_http_methods(["GET", "HEAD", "POST"])


class CouncilSite(AdminSite):
    """Django's admin for two groups: the council writes, auditors read."""

    site_header = site_title = _("Placet council")
    index_title = _("Council's desk")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Django's, with the names of what is registered in the language of whoever looks."""
        for model in model_or_iterable if isinstance(model_or_iterable, (list, tuple)) else [model_or_iterable]:
            speak(model, admin_class)
        super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return not seats(request).isdisjoint({COUNCIL, AUDITOR})

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # somebody signed in would be sent to the login page and from there straight back
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return _methods(guarded)

    @method_decorator(_methods)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse("account_login"))

    @method_decorator(require_POST)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        logout(request)
        return redirect("/")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")


site = CouncilSite(name="admin")
