from __future__ import annotations

from django.urls import URLPattern, URLResolver

from reviews.api.urls import urlpatterns as agents

urlpatterns: list[URLPattern | URLResolver] = [*agents]

handler400 = handler403 = "reviews.api.edges.refused"
handler404 = "reviews.api.edges.unknown"
handler500 = "reviews.api.edges.failed"
