"""Which Stripe account a business's work and its pages speak to, and how its payees stand there."""

from __future__ import annotations

import uuid
from dataclasses import asdict

from flask import current_app

from referral.domain.businesses import connection_of
from referral.domain.people.payees import GONE, Standing
from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import NotFoundThere


def account_of(business_id: uuid.UUID) -> StripeAccount | None:
    """Return the account a business is connected to, or None; tests and the demo redirect it.

    What was earned at practice Stripe is never sent to Stripe itself, also when nothing practises.
    """
    settings = current_app.extensions["settings"]
    connection = connection_of(business_id)
    if connection is None or (connection.is_practice and not settings.practice_stripe_url):
        return None
    base = settings.practice_stripe_url if connection.is_practice else settings.stripe_api_base
    return StripeAccount(business_id, connection.secret_key, "" if connection.is_live else base)


def standing_at(account: StripeAccount, account_id: str) -> Standing:
    """Ask Stripe how a payee's account stands; one that left the business is gone."""
    try:
        return Standing(**asdict(account.payee_status(account_id)))
    except NotFoundThere:
        return Standing(can_be_paid=False, disabled_reason=GONE)
