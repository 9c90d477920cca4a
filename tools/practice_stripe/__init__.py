"""Practice Stripe: our own small stand-in for Stripe's API, for tests and the demo.

It knows the part of Stripe that Referral uses, keeps its promises about idempotency, parameters
and events, and can go wrong on request. It moves no money and knows nothing of Referral.
"""

from .driver import Launched, PracticeStripe, Running, launch, start

__all__ = ["Launched", "PracticeStripe", "Running", "launch", "start"]
