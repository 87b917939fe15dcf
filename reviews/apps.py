from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "reviews"
    verbose_name = _("Reviews")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from reviews.preferences import bring
        from reviews.web import proofs as proofs  # listens to sign-ins

        user_logged_in.connect(bring, dispatch_uid="reviews.preferences")
