"""Which Stripe account a business's work goes to: the same that its pages speak to."""

from referral.surfaces.web.accounts import account_of

__all__ = ["account_of"]
