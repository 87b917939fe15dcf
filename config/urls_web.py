from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from governance.admin import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("config.urls_accounts")),
    path("council/", site.urls),
    path("", include("reviews.web.urls")),
]

handler403 = "reviews.web.errors.forbidden"
handler404 = "reviews.web.errors.not_found"
handler500 = "reviews.web.errors.broken"
