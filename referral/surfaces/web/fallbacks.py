"""What is given instead of credit on a bill, and when, in words.

Knows offers and rewards. Refuses to know where they are read.
"""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from referral.domain.programs import Kind, Offer
from referral.domain.rewards import Reward
from referral.domain.rewards.falling_back import fallback_of
from referral.surfaces.web.promises import terms_words
from referral.surfaces.web.words import count, day

INSTEAD: dict[str, str] = {
    Kind.STORE_CREDIT: "credit to spend with us",
    Kind.CASH: "money to a bank account",
    Kind.GIFT: "a gift code",
    Kind.CHARITY: "a donation to a charity",
}
"""Each kind that may be given instead, as it stands in a sentence."""


def promise_words(offer: Offer, *, whose: str = "your") -> str | None:
    """Say what somebody without an account for billing gets instead; None where nothing is."""
    if offer.fallback_kind is None:
        return None
    who = "you" if whose == "your" else "they"
    said = f"If {who} have no account for billing with us"
    if offer.fallback_days:
        said += f" {count(offer.fallback_days, 'day')} after it is confirmed"
    terms = terms_words(offer, offer.fallback_kind)
    return f"{said}, {who} get {INSTEAD[offer.fallback_kind]} instead{terms}."


def soon_words(reward: Reward) -> Markup | None:
    """Tell a person what their waiting credit becomes, and when; None when it does not."""
    to_come = fallback_of(reward)
    if to_come is None:
        return None
    return Markup("If you are not a customer with us by {}, you get {} instead.").format(
        day(to_come.at), INSTEAD[to_come.kind]
    )


def came_words(reward: Reward) -> str | None:
    """Tell a person why their reward is not the credit that was promised; None where it is."""
    if reward.fell_back_at is None:
        return None
    return "Credit on your next bill: you had no account for billing with us"


def staff_words(kind: str, at: datetime) -> Markup:
    """Tell staff what a waiting reward becomes, and when."""
    return Markup("{}, unless a Stripe customer is known by {}").format(
        INSTEAD[kind].capitalize(), day(at)
    )
