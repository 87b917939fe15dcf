from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name
from django.db import DatabaseError, connections

from governance.engines import chosen

_ONE_ROLE = "Give the application DATABASE_URL as placet_app and migrations DATABASE_OWNER_URL as placet_owner."

_RIGHTS = """
    select current_user,
      (select rolsuper from pg_roles where rolname = current_user),
      bool_or(pg_has_role(current_user, c.relowner, 'usage')),
      bool_or(has_table_privilege(c.oid, 'update, delete, truncate'))
    from pg_class c where c.oid = to_regclass('public.governance_ledgerentry')
"""


@register(Tags.security)
def one_role(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without an owner of its own, only triggers keep the application from editing the ledger."""
    if not settings.PLACET_SINGLE_ROLE:
        return []
    message = "The application connects as the role that owns its tables: DATABASE_OWNER_URL is not set."
    return [Warning(message, hint=_ONE_ROLE, id="placet.W001")]


@register(Tags.database)
def rights(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ask the database itself what the connected role may do to the ledger (`check --database default`)."""
    if settings.PLACET_ROLE == "owner" or "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(_RIGHTS)
            role, superuser, owns, changes = cursor.fetchone()
    except DatabaseError:
        return [Error("The database cannot be asked about its roles.", id="placet.E001")]
    if not (superuser or owns or changes):
        return []
    can = "is a superuser" if superuser else "owns the ledger" if owns else "may change or truncate the ledger"
    return [Warning(f"The application connects as {role}, which {can}.", hint=_ONE_ROLE, id="placet.W001")]


@register(Tags.database)
def policy_engine(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Without an engine everything that an active bundle covers waits for a person (`check --database default`)."""
    if settings.PLACET_ROLE == "owner" or "default" not in (databases or ()) or chosen.engine_name() != "none":
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("select count(*) from governance_bundleversion where state = 'active'")
            (active,) = cursor.fetchone()
    except DatabaseError:
        return [Error("The database cannot be asked about its policies.", id="placet.E003")]
    if not active:
        return []
    message = f"{active} active policy bundles cannot be evaluated: whatever they cover is PROPOSE."
    return [Warning(message, hint="Install the extra `rego`, or set OPA_URL.", id="placet.W004")]


@register()
def unknown_names(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A name of the environment that looks like a setting and is none: what it was to change stays as it is."""
    return [
        Warning(f"{name} is no setting of Placet: it changes nothing.", hint=f"Is it {nearest}?", id="placet.W005")
        for name, nearest in settings.PLACET_UNKNOWN_NAMES.items()
    ]


@register(Tags.security)
def exposed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Settings that are allowed one by one and together leave the console open."""
    found: list[CheckMessage] = []
    local = settings.PLACET_MODE == "local"
    if not local and "*" in settings.ALLOWED_HOSTS:
        found.append(Warning("PLACET_HOSTS lets any host name in.", hint="Name your hosts.", id="placet.W002"))
    if not local and any(origin.startswith("http://") for origin in settings.CSRF_TRUSTED_ORIGINS):
        found.append(Warning("PLACET_ORIGINS trusts a page without TLS.", hint="Use https.", id="placet.W003"))
    if "unsafe-" in str(settings.CONTENT_SECURITY_POLICY):
        found.append(Error("The content security policy allows inline code.", id="placet.E002"))
    return found
