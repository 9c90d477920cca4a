"""What an offer is for, in words: each event, how often, from how much on, and by which friend.

Knows triggers and steps. Refuses to know what is given for them.
"""

from __future__ import annotations

from collections.abc import Callable

from referral.domain.programs import Offer, Side, Step, Trigger
from referral.domain.programs.kinds import REPEATED
from referral.surfaces.web.words import count, money

_ADVOCATE = {
    Trigger.SIGNUP: "each friend who signs up",
    Trigger.FIRST_PURCHASE: "each friend's first purchase",
    Trigger.PURCHASE: "every purchase of each friend",
    Trigger.RENEWAL: "every renewal of each friend's subscription",
}
_FRIEND = {
    Trigger.SIGNUP: "signing up",
    Trigger.FIRST_PURCHASE: "{whose} first purchase",
    Trigger.PURCHASE: "every purchase",
    Trigger.RENEWAL: "every renewal of {whose} subscription",
}
_ADVOCATE_TIMES = {
    Trigger.PURCHASE: "the first {times} of each friend",
    Trigger.RENEWAL: "the first {times} of each friend's subscription",
}
_FRIEND_TIMES = {
    Trigger.PURCHASE: "{whose} first {times}",
    Trigger.RENEWAL: "the first {times} of {whose} subscription",
}


def occasion(offer: Offer, *, whose: str = "your") -> str:
    """Say what an offer is for, such as "every purchase of each friend of at least €20.00"."""
    trigger = Trigger(offer.trigger)
    if trigger is Trigger.MILESTONE:
        return _milestone(offer)
    is_friend = offer.side == Side.FRIEND
    if offer.times and trigger in REPEATED:
        said = (_FRIEND_TIMES if is_friend else _ADVOCATE_TIMES)[trigger]
        noun = "purchase" if trigger is Trigger.PURCHASE else "renewal"
        said = said.replace("{times}", noun if offer.times == 1 else count(offer.times, noun))
    else:
        said = (_FRIEND if is_friend else _ADVOCATE)[trigger]
    said = said.format(whose=whose)
    return f"{said} of at least {_minimum(offer)}" if offer.minimum_minor else said


def by_friend(offer: Offer, write: Callable[[Step], str]) -> str:
    """Say what each step gives: "€10.00 for the 1st to 4th friend and €15.00 from the 5th on"."""
    said = []
    for step, following in zip(offer.tiers, [*offer.tiers[1:], None], strict=True):
        first = ordinal(step.friends)
        if following is None:
            said.append(f"{write(step)} from the {first} on")
        elif following.friends == step.friends + 1:
            said.append(f"{write(step)} for the {first} friend")
        else:
            last = ordinal(following.friends - 1)
            said.append(f"{write(step)} for the {first} to {last} friend")
    return f"{', '.join(said[:-1])} and {said[-1]}"


def ordinal(number: int) -> str:
    """Write a place.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 21, 103)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '21st', '103rd']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{count(number)}{'th' if number // 10 % 10 == 1 else ending}"


def _milestone(offer: Offer) -> str:
    bought = "bought something"
    if offer.minimum_minor:
        bought = f"bought something for at least {_minimum(offer)}"
    if offer.milestone_every == 1:
        return f"each friend who {bought}"
    if offer.milestone_every:
        return f"every {count(offer.milestone_every, 'friend')} who {bought}"
    return f"the {ordinal(offer.milestone_at or 1)} friend who {bought}"


def _minimum(offer: Offer) -> str:
    return money(offer.minimum_minor, offer.currency)
