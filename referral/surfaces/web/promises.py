"""What an offer promises and what a reward is worth, in words.

Knows offers and rewards. Refuses to know where they are read.
"""

from __future__ import annotations

from decimal import Decimal

from referral.domain.programs import Kind, Offer, Side, Trigger
from referral.domain.rewards import Reward
from referral.surfaces.web.words import money


def offer_words(offer: Offer, *, whose: str = "your") -> str:
    """Say what an offer gives, to the one who gets it; `whose` is "their" when told to others.

    Such as "€10.00 credit on your next bill for each friend's first purchase".
    """
    if offer.side == Side.FRIEND:
        return friend_offer_words(offer, whose=whose)
    if offer.kind == Kind.DISCOUNT:
        return f"{_worth(offer)} off {whose} next order for each friend who signs up"
    return _for_event(offer, _ADVOCATE_EVENTS[Trigger(offer.trigger)], whose)


def friend_offer_words(offer: Offer, *, whose: str = "your") -> str:
    """Say what a friend gets, such as "20% off your first order"."""
    if offer.kind == Kind.DISCOUNT:
        return f"{_worth(offer)} off {whose} first order"
    return _for_event(offer, _FRIEND_EVENTS[Trigger(offer.trigger)].format(whose=whose), whose)


def reward_words(reward: Reward) -> str:
    """Say what a reward is worth: "€10.00", or "20% off" for a discount."""
    if reward.kind == Kind.RECOGNITION:
        return "Thank you"
    if reward.kind != Kind.DISCOUNT:
        return money(reward)
    rate_bp = reward.inputs["rate_bp"]
    return f"{rate_words(rate_bp) if rate_bp else money(reward)} off"


def rate_words(rate_bp: int) -> str:
    """Write basis points as a percentage without needless decimals.

    >>> rate_words(2000), rate_words(1250)
    ('20%', '12.5%')
    """
    return f"{Decimal(rate_bp) / 100:.2f}".rstrip("0").rstrip(".") + "%"


_ADVOCATE_EVENTS = {
    Trigger.SIGNUP: "each friend who signs up",
    Trigger.FIRST_PURCHASE: "each friend's first purchase",
    Trigger.PURCHASE: "every purchase of each friend",
}
_FRIEND_EVENTS = {
    Trigger.SIGNUP: "signing up",
    Trigger.FIRST_PURCHASE: "{whose} first purchase",
    Trigger.PURCHASE: "every purchase",
}


_FIXED = {
    Kind.ACCOUNT_CREDIT: "{worth} credit on {whose} next bill for {event}",
    Kind.RECOGNITION: "a personal thank-you for {event}",
    Kind.FREE_PERIOD: "{periods} of {whose} subscription free for {event}",
    Kind.REFUND: "{worth} back from {whose} last payment for {event}",
    Kind.CASH: "{worth} paid to {whose} bank account for {event}",
    Kind.GIFT: "a gift worth {worth} for {event}",
    Kind.CHARITY: "{worth} to a charity of {whose} choice for {event}",
    Kind.CHOICE: "{worth} for {event}, given the way {who} choose",
}
_SHARES = {
    Kind.ACCOUNT_CREDIT: "{worth} of {event} as credit on {whose} next bill",
    Kind.REFUND: "{worth} of {event} back from {whose} last payment",
    Kind.CASH: "{worth} of {event}, paid to {whose} bank account",
    Kind.CHARITY: "{worth} of {event} to a charity of {whose} choice",
    Kind.CHOICE: "{worth} of {event}, given the way {who} choose",
}
"""What each kind gives for an event, as an amount and as a share of what is paid."""


def _for_event(offer: Offer, event: str, whose: str) -> str:
    if offer.minimum_minor:
        event += f" of at least {money(offer.minimum_minor, offer.currency)}"
    said = (_FIXED if offer.rate_bp is None else _SHARES)[Kind(offer.kind)]
    who = "you" if whose == "your" else "they"
    periods = (
        "the next period" if offer.periods in (None, 1) else f"the next {offer.periods} periods"
    )
    given = said.format(worth=_worth(offer), event=event, whose=whose, who=who, periods=periods)
    return given + _limits(offer) + _sent_from(offer)


def _cash(offer: Offer, event: str, whose: str) -> str:
    if offer.minimum_minor:
        event += f" of at least {money(offer.minimum_minor, offer.currency)}"
    said = f"{_worth(offer)} paid to {whose} bank account for {event}{_limits(offer)}"
    if offer.rate_bp is not None:
        said = f"{_worth(offer)} of {event}, paid to {whose} bank account{_limits(offer)}"
    if offer.minimum_payout_minor is not None:
        said += f", sent from {money(offer.minimum_payout_minor, offer.currency)} on"
    return said


def _worth(offer: Offer) -> str:
    if offer.rate_bp is not None:
        return rate_words(offer.rate_bp)
    return money(offer.amount_minor or 0, offer.currency)


def _limits(offer: Offer) -> str:
    """Say the most of one reward, and the most for one person."""
    said = ""
    if offer.cap_minor is not None and offer.rate_bp is not None:
        said += f", at most {money(offer.cap_minor, offer.currency)} each time"
    if offer.person_cap_minor is not None:
        said += f", up to {money(offer.person_cap_minor, offer.currency)} in all"
    return said


def _sent_from(offer: Offer) -> str:
    if offer.minimum_payout_minor is None:
        return ""
    return f", sent from {money(offer.minimum_payout_minor, offer.currency)} on"
