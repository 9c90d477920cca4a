"""How fast this process asks one account of Stripe: a little slower than Stripe allows (F-9).

Stripe takes 25 calls a second in test mode and 100 live. Several processes may be too fast
together; Stripe says so then, and whoever asked comes again later.
"""

from __future__ import annotations

from referral.foundation.pace import Pace

SANDBOX_PER_S, LIVE_PER_S = 24.0, 96.0
"""With the call that a pause saves up, this stays within Stripe's second."""


def pace_of(secret_key: str) -> Pace:
    """Return a pace for one account, by whose kind of key it is."""
    return Pace(LIVE_PER_S if "_live_" in secret_key else SANDBOX_PER_S)
