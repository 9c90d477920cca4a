"""Which Stripe account a connection leads to."""

from __future__ import annotations

from typing import Protocol

from referral.domain.businesses import StripeConnection
from referral.gateways.stripe.account import StripeAccount


class Places(Protocol):
    """Where practice Stripe and Stripe's stand-in are, as the settings say."""

    @property
    def practice_stripe_url(self) -> str: ...

    @property
    def stripe_api_base(self) -> str: ...


def account_for(connection: StripeConnection, places: Places) -> StripeAccount | None:
    """Return the account of a connection, or None where nothing practises any more.

    What was earned at practice Stripe is never sent to Stripe itself.
    """
    if connection.is_practice and not places.practice_stripe_url:
        return None
    base = places.practice_stripe_url if connection.is_practice else places.stripe_api_base
    return StripeAccount(
        connection.business_id, connection.secret_key, "" if connection.is_live else base
    )
