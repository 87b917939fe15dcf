from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.db import connection
from pytest_django.fixtures import Settings

from governance import checks
from tests.support.fixtures import Committed
from tests.support.stages import connected


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages if message.id.startswith("placet.")]


def test_two_roles_are_nothing_to_warn_about(db: None) -> None:
    assert ids(run_checks(tags=[Tags.database], databases=["default"])) == []


def test_a_single_database_address_is_said(settings: Settings) -> None:
    settings.PLACET_SINGLE_ROLE = True
    assert ids(checks.one_role(None)) == ["placet.W001"]
    settings.PLACET_SINGLE_ROLE = False
    assert ids(checks.one_role(None)) == []


@pytest.mark.parametrize(("role", "said"), [("owner", "owns the ledger"), ("admin", "is a superuser")])
def test_an_application_that_could_change_the_ledger_is_said(committed: Committed, role: str, said: str) -> None:
    with connected({"owner": committed.owner_url, "admin": committed.admin_url}[role]):
        (message,) = checks.rights(None, databases=["default"])
    assert message.id == "placet.W001"
    assert said in message.msg


def test_a_right_to_update_or_truncate_the_ledger_is_said(committed: Committed) -> None:
    for right in ("update", "truncate", "delete"):
        with committed.connect(role="owner") as owner:
            owner.execute(f"grant {right} on governance_ledgerentry to placet_app")
            (message,) = checks.rights(None, databases=["default"])
            owner.execute(f"revoke {right} on governance_ledgerentry from placet_app")
        assert "may change or truncate the ledger" in message.msg
    assert checks.rights(None, databases=["default"]) == []


def test_migrations_may_own_what_they_migrate(committed: Committed, settings: Settings) -> None:
    settings.PLACET_ROLE = "owner"
    with connected(committed.owner_url):
        assert checks.rights(None, databases=["default"]) == []


def test_before_there_are_tables_there_is_nothing_to_say(committed: Committed) -> None:
    with committed.connect(role="admin") as admin:
        admin.execute("alter table governance_ledgerentry rename to elsewhere")
    connection.close()
    assert checks.rights(None, databases=["default"]) == []


def test_without_being_asked_about_databases_none_is_asked(settings: Settings) -> None:
    assert checks.rights(None) == []


def test_open_hosts_plain_origins_and_inline_code_are_said(settings: Settings) -> None:
    settings.PLACET_MODE = "production"
    settings.ALLOWED_HOSTS = ["*"]
    settings.CSRF_TRUSTED_ORIGINS = ["http://console.example"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}
    assert ids(checks.exposed(None)) == ["placet.W002", "placet.W003", "placet.E002"]


def test_our_own_settings_are_closed(db: None) -> None:
    assert ids(checks.exposed(None)) == []
