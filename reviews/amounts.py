"""Amounts of money as whoever reads writes them. Rows, the ledger, the API and what a verdict covers have one form."""

from __future__ import annotations

import re

from django.utils import translation
from django.utils.formats import get_format
from django.utils.translation import gettext as _

from governance.policy.money import EXPONENTS

# As `format_money` writes it, and no part of a longer figure.
_MONEY = re.compile(r"(?<![\w.,$€£¥-])(-?)([$€£¥]|[A-Z]{3} )([0-9]{1,3}(?:,[0-9]{3})*)(?:\.([0-9]+))?(?![.,]?\w)")
_DIGITS = {"$": 2, "€": 2, "£": 2, "¥": 0} | {f"{currency} ": digits for currency, digits in EXPONENTS.items()}


def local_amounts(text: str) -> str:
    """A sentence of ours with its amounts in the language in force: "$1,000.00" is "1.000,00 $" in German. Total."""
    return text if _english() else _MONEY.sub(_local, text)


def local_amount(text: str) -> str:
    """The same for a value: one that is an amount and nothing else."""
    match = None if _english() else _MONEY.fullmatch(text)
    return text if match is None else _local(match)


def _english() -> bool:
    return (translation.get_language() or "en").startswith("en")


def _local(match: re.Match[str]) -> str:
    sign, currency, whole, fraction = match.groups(default="")
    if _DIGITS.get(currency) != len(fraction):
        return match[0]
    figure = whole.replace(",", get_format("THOUSAND_SEPARATOR"))
    figure += get_format("DECIMAL_SEPARATOR") + fraction if fraction else ""
    # English has its own form, which this never makes
    return sign + _("%(currency)s %(figure)s") % {"currency": currency.strip(), "figure": figure}
