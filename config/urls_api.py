from __future__ import annotations

from django.urls import URLPattern, URLResolver

from config.health import urlpatterns as health

urlpatterns: list[URLPattern | URLResolver] = [*health]
