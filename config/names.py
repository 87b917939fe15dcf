"""The names of the environment that mean something: whatever else begins with PLACET_ is a slip of somebody's pen."""

from __future__ import annotations

import re
from difflib import get_close_matches

from config.env import Env

# What docs/reference/settings.md lists; of a secret a file may be named as well.
SETTINGS = frozenset(
    [
        "PLACET_MODE",
        "PLACET_SURFACE",
        "PLACET_ROLE",
        "PLACET_HOSTS",
        "PLACET_ORIGINS",
        "PLACET_BEHIND_PROXY",
        "PLACET_REQUIRE_MFA",
        "PLACET_SSO_ISSUER",
        "PLACET_SSO_CLIENT_ID",
        "PLACET_POOL_MIN",
        "PLACET_POOL_MAX",
        "PLACET_PREPARE",
        "PLACET_READING_SECONDS",
        "PLACET_READING_SECONDS_PER_CHECK",
        "PLACET_OPEN_CASES_PER_LINE",
        "PLACET_OPEN_CASES_PER_ENTITY",
        "PLACET_QUEUE",
        "PLACET_MAIL_FROM",
        "PLACET_SLACK_URL",
        "PLACET_CONSOLE_ORIGIN",
        "PLACET_NOTICE_MINUTES",
        "PLACET_NOTICE_MOST",
        "PLACET_NOTICE_GATHER",
        "PLACET_DATA",
        "PLACET_STATIC",
        "PLACET_STATIC_ROOT",
        "PLACET_LOG_LEVEL",
        "PLACET_DEBUG",
    ]
)
SECRETS = frozenset(
    [
        "PLACET_SECRET_KEY",
        "PLACET_SIGNING_KEY",
        "PLACET_SSO_CLIENT_SECRET",
        "PLACET_SMTP_URL",
        "PLACET_SLACK_TOKEN",
        "PLACET_RECORDS_OWNER_URL",
    ]
)
CONNECTOR = "PLACET_CONNECTOR_<NAME>_URL"
# Read by the compose file, the demo, the tests and the commands that act as agents.
TOOLS = frozenset(
    [
        "PLACET_APP_PASSWORD",
        "PLACET_OWNER_PASSWORD",
        "PLACET_SUPER_PASSWORD",
        "PLACET_LINGER",
        "PLACET_PROVE",
        "PLACET_URL",
    ]
)
_KNOWN = SETTINGS | SECRETS | {f"{name}_FILE" for name in SECRETS} | TOOLS
_CONNECTOR = re.compile(r"PLACET_CONNECTOR_.+_URL(_FILE)?")
# Kubernetes gives every container of a namespace such names of a service called placet-web.
_SERVICE = re.compile(r"PLACET_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)")


def unknown(env: Env) -> dict[str, str]:
    """Each name that begins with PLACET_ and that nothing reads, with the known name that is nearest to it."""
    found = sorted(name for name in env if name.startswith("PLACET_") and not _is_known(name))
    return {name: get_close_matches(name, sorted(_KNOWN | {CONNECTOR}), n=1, cutoff=0.0)[0] for name in found}


def _is_known(name: str) -> bool:
    return name in _KNOWN or bool(_CONNECTOR.fullmatch(name) or _SERVICE.fullmatch(name))
