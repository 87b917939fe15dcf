from __future__ import annotations

import structlog
from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = _("Governance")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance import checks as checks  # registers itself
        from governance.roles import grant_application_role

        # every process says it when it starts; never the value, which may be a secret
        for name, nearest in settings.PLACET_UNKNOWN_NAMES.items():
            structlog.get_logger(__name__).warning("no setting of Placet", name=name, nearest=nearest)
        post_migrate.connect(grant_application_role, dispatch_uid="placet_roles")
