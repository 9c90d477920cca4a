"""Stripe: what we ask it to do, what it tells us, and what may be done again."""

from referral.gateways.stripe.inbox import StripeEvent, keep

__all__ = ["StripeEvent", "keep"]
