"""What an offer promises and what a reward is worth, in words.

Knows offers and rewards. Refuses to know where they are read.
"""

from __future__ import annotations

from decimal import Decimal

from referral.domain.programs import Kind, Offer, Side, Step, Trigger
from referral.domain.rewards import Reward
from referral.surfaces.web.occasions import at_occasion, by_friend, is_afterwards, occasion
from referral.surfaces.web.words import count, money


def offer_words(offer: Offer, *, whose: str = "your") -> str:
    """Say what an offer gives, to the one who gets it; `whose` is "their" when told to others.

    Such as "€10.00 credit on your next bill after each friend's first purchase". What is given
    after a purchase says so, for it cannot be used on that one.
    """
    if offer.side == Side.FRIEND:
        return friend_offer_words(offer, whose=whose)
    return _given(offer, whose)


def friend_offer_words(offer: Offer, *, whose: str = "your") -> str:
    """Say what a friend gets, such as "20% off your first order"."""
    if offer.kind == Kind.DISCOUNT and offer.trigger == Trigger.SIGNUP:
        return f"{_worth(offer)} off {whose} first order{_of_at_least(offer)}{_within(offer)}"
    return _given(offer, whose)


def reward_words(reward: Reward) -> str:
    """Say what a reward is worth: "€10.00", "20% off" for a discount, or free time as time."""
    if reward.kind == Kind.RECOGNITION:
        return "Thank you"
    if reward.kind == Kind.FREE_PERIOD:
        return _free_time(reward.offer)
    if reward.kind != Kind.DISCOUNT:
        return money(reward)
    rate_bp = reward.inputs["rate_bp"]
    return f"{rate_words(rate_bp) if rate_bp else money(_of_code(reward), reward.currency)} off"


def _free_time(offer: Offer) -> str:
    """Say how much of a subscription is free; how long a period of it is, only Stripe knows."""
    return count(offer.periods or 1, "free period")


def _of_code(reward: Reward) -> int:
    """Return what a discount's code takes off: all of it, or what refunds left before the grant."""
    return reward.payable_minor or reward.amount_minor


def rate_words(rate_bp: int) -> str:
    """Write basis points as a percentage without needless decimals.

    >>> rate_words(2000), rate_words(1250)
    ('20%', '12.5%')
    """
    return f"{Decimal(rate_bp) / 100:.2f}".rstrip("0").rstrip(".") + "%"


def worth_words(offer: Offer) -> str:
    """Say what an offer is worth: its rate, amount or free time, or the span of its steps."""
    if offer.kind == Kind.FREE_PERIOD:
        return _free_time(offer)
    if not offer.steps:
        return _worth(offer)
    return f"{_step(offer, offer.tiers[0])} to {_step(offer, offer.tiers[-1])}"


_FIXED = {
    Kind.ACCOUNT_CREDIT: "{worth} credit on {whose} next bill {when}",
    Kind.RECOGNITION: "a personal thank-you {when}",
    Kind.FREE_PERIOD: "{periods} of {whose} subscription free {when}",
    Kind.REFUND: "{worth} back from {whose} last payment {when}",
    Kind.CASH: "{worth} paid to {whose} bank account {when}",
    Kind.GIFT: "a gift worth {worth} {when}",
    Kind.CHARITY: "{worth} to a charity of {whose} choice {when}",
    Kind.STORE_CREDIT: "{worth} to spend with us {when}",
    Kind.CHOICE: "{worth} {when}, given the way {who} choose",
}
_SHARES = {
    Kind.ACCOUNT_CREDIT: "{worth} of {event} as credit on {whose} next bill{later}",
    Kind.REFUND: "{worth} of {event} back from {whose} last payment",
    Kind.CASH: "{worth} of {event}, paid to {whose} bank account{later}",
    Kind.CHARITY: "{worth} of {event} to a charity of {whose} choice",
    Kind.STORE_CREDIT: "{worth} of {event} as credit to spend with us{later}",
    Kind.CHOICE: "{worth} of {event}, given{later} the way {who} choose",
}
"""What each kind gives for an event, as an amount and as a share of what is paid."""


_BY_STEPS = {
    Kind.ACCOUNT_CREDIT: "credit on {whose} next bill",
    Kind.FREE_PERIOD: "free time on {whose} subscription",
    Kind.REFUND: "money back from {whose} last payment",
    Kind.CASH: "money paid to {whose} bank account",
    Kind.GIFT: "a gift",
    Kind.CHARITY: "money to a charity of {whose} choice",
    Kind.STORE_CREDIT: "credit to spend with us",
    Kind.CHOICE: "an amount given the way {who} choose",
}
"""What each kind is where its worth depends on how many friends came before."""


def _given(offer: Offer, whose: str) -> str:
    event, when = occasion(offer, whose=whose), at_occasion(offer, whose=whose)
    if offer.kind == Kind.DISCOUNT:
        return _off(offer, whose, when)
    names = {"whose": whose, "who": "you" if whose == "your" else "they", "event": event}
    is_their_own = offer.side == Side.FRIEND and is_afterwards(offer)
    names |= {"when": when, "later": " afterwards" if is_their_own else ""}
    if offer.steps:
        what = _BY_STEPS[Kind(offer.kind)].format(**names)
        what = f"{what} {when}" if offer.rate_bp is None else f"a share of {event} as {what}"
        given = f"{what}: {by_friend(offer, lambda step: _step(offer, step))}"
    else:
        said = (_FIXED if offer.rate_bp is None else _SHARES)[Kind(offer.kind)]
        given = said.format(worth=_worth(offer), periods=_periods(offer), **names)
    return given + _limits(offer) + terms_words(offer, offer.kind)


def _off(offer: Offer, whose: str, when: str) -> str:
    """Say what a discount takes off an order to come, such as "20% off your next order after …"."""
    order = f"{whose} next order{_of_at_least(offer)} {when}"
    if offer.steps:
        said = f"a discount on {order}: {by_friend(offer, lambda step: _step(offer, step))}"
    else:
        said = f"{_worth(offer)} off {order}"
    return said + _within(offer) + _limits(offer)


def _periods(offer: Offer) -> str:
    return "the next period" if offer.periods in (None, 1) else f"the next {offer.periods} periods"


def _step(offer: Offer, step: Step) -> str:
    if step.rate_bp is not None:
        return rate_words(step.rate_bp)
    return money(step.amount_minor or 0, offer.currency)


def _worth(offer: Offer) -> str:
    if offer.rate_bp is not None:
        return rate_words(offer.rate_bp)
    return money(offer.amount_minor or 0, offer.currency)


def _of_at_least(offer: Offer) -> str:
    """Say from what order on a code may be used."""
    least = offer.discount_minimum_minor
    return f" of at least {money(least, offer.currency)}" if least else ""


def _within(offer: Offer) -> str:
    """Say for how long a code may be used."""
    return f", within {count(offer.discount_days, 'day')}" if offer.discount_days else ""


def _limits(offer: Offer) -> str:
    """Say the most of one reward, and the most for one person."""
    said = ""
    if offer.cap_minor is not None and offer.rate_bp is not None:
        said += f", at most {money(offer.cap_minor, offer.currency)} each time"
    if offer.person_cap_minor is not None:
        said += f", up to {money(offer.person_cap_minor, offer.currency)} in all"
    return said


def terms_words(offer: Offer, kind: str) -> str:
    """Say how long store credit lasts, and from which sum on money is sent, of what is given so.

    Where it is chosen, each is said with what it is about.
    """
    is_chosen, said = kind == Kind.CHOICE, ""
    if offer.credit_life_days and kind in (Kind.STORE_CREDIT, Kind.CHOICE):
        what = ", credit with us" if is_chosen else ","
        said = f"{what} to be spent within {count(offer.credit_life_days, 'day')}"
    if offer.minimum_payout_minor is not None and kind in (Kind.CASH, Kind.CHOICE):
        what = ", money" if is_chosen else ","
        said += f"{what} sent from {money(offer.minimum_payout_minor, offer.currency)} on"
    return said
