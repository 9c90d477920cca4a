"""Practice Stripe: our own small stand-in for Stripe's API, for tests and the demo.

It knows the part of Stripe that Referral uses, keeps its promises about idempotency, parameters
and events, and can go wrong on request. It moves no money and knows nothing of Referral.

Run it with `python -m tools.practice_stripe --port N [--state FILE] [--key K]`, or from Python:
`with start() as running: running.practice.buy(5000)`. `driver.PracticeStripe` lists what it can do;
`api.ROUTES` lists the addresses it serves.
"""

from .driver import Launched, PracticeStripe, Running, launch, start

__all__ = ["Launched", "PracticeStripe", "Running", "launch", "start"]
