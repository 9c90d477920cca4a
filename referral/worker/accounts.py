"""Which Stripe account a business's work goes to."""

from __future__ import annotations

import uuid

from flask import current_app

from referral.domain.businesses import connection_of
from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.accounts import account_for


def account_of(business_id: uuid.UUID) -> StripeAccount | None:
    """Return the account a business is connected to, or None; tests and the demo redirect it."""
    connection = connection_of(business_id)
    return account_for(connection, current_app.extensions["settings"]) if connection else None
