"""Whether real money can move: who answers a business's key in place of Stripe."""

from __future__ import annotations

from referral.surfaces.web.settings import settings

STRIPE = "https://api.stripe.com"


def stand_in() -> str:
    """Return the address that answers every test key in place of Stripe, or nothing."""
    base = settings().stripe_api_base.rstrip("/")
    return "" if base == STRIPE else base


def is_practising(*, is_practice: bool, is_live: bool) -> bool:
    """Tell whether a connection leads to practice Stripe or another stand-in; a live one never."""
    return is_practice or (not is_live and bool(stand_in()))
