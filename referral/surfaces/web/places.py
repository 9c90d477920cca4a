"""Countries by name, for people to choose from; Stripe's list says which there are."""

from __future__ import annotations

from babel import Locale
from flask_babel import get_locale

from referral.gateways.stripe.countries import COUNTRIES


def country_names() -> list[tuple[str, str]]:
    """List the countries somebody can be paid in as (code, name), by name in their language."""
    locale = get_locale() or Locale("en", "GB")
    named = [(code, locale.territories.get(code, code)) for code in COUNTRIES]
    return sorted(named, key=lambda one: one[1])


def is_country(code: str) -> bool:
    """Tell whether somebody can be paid in this country."""
    return code in COUNTRIES
