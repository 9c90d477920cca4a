"""A thank-you in somebody's own words: no money, no provider, and never taken back."""

from __future__ import annotations

from datetime import datetime

from referral.domain.rewards.grants import Done, Grant


def thank(grant: Grant, *, at: datetime) -> Done:
    """Give a recognition: the act itself is the object (I-5); the words stand in the offer."""
    return Done(
        object_id=grant.public_id,
        amount_minor=0,
        currency=grant.currency,
        recipient="",
        details={"thanked_at": at.isoformat()},
    )
