"""The council's desk: every save goes through a verb, groups alone decide who may, nothing is deleted."""

from __future__ import annotations

from governance.admin import agents, catalogue, halts, ledger, mandates, people, policies, rates, scopes, watches
from governance.admin.site import site

__all__ = [
    "agents",
    "catalogue",
    "halts",
    "ledger",
    "mandates",
    "people",
    "policies",
    "rates",
    "scopes",
    "site",
    "watches",
]
