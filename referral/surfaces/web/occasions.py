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
    Trigger.FIRST_PURCHASE: "each friend's first purchase{least}",
    Trigger.PURCHASE: "every purchase{least} by each friend",
    Trigger.RENEWAL: "every renewal{least} of each friend's subscription",
}
_FRIEND = {
    Trigger.SIGNUP: "signing up",
    Trigger.FIRST_PURCHASE: "{whose} first purchase{least}",
    Trigger.PURCHASE: "every purchase{least}",
    Trigger.RENEWAL: "every renewal{least} of {whose} subscription",
}
_ADVOCATE_TIMES = {
    Trigger.PURCHASE: "{each}the first {times}{least} by each friend",
    Trigger.RENEWAL: "{each}the first {times}{least} of each friend's subscription",
}
_FRIEND_TIMES = {
    Trigger.PURCHASE: "{each}{whose} first {times}{least}",
    Trigger.RENEWAL: "{each}the first {times}{least} of {whose} subscription",
}
"""Each event; the least it must be worth stands right behind the purchase it is said of."""


def occasion(offer: Offer, *, whose: str = "your") -> str:
    """Say what an offer is for, such as "every purchase of at least €20.00 by each friend"."""
    trigger = Trigger(offer.trigger)
    if trigger is Trigger.MILESTONE:
        return _milestone(offer)
    is_friend = offer.side == Side.FRIEND
    names = {"whose": whose, "least": _of_at_least(offer)}
    if offer.times and trigger in REPEATED:
        said = (_FRIEND_TIMES if is_friend else _ADVOCATE_TIMES)[trigger]
        noun = "purchase" if trigger is Trigger.PURCHASE else "renewal"
        names["times"] = noun if offer.times == 1 else count(offer.times, noun)
        names["each"] = "" if offer.times == 1 else "each of "
    else:
        said = (_FRIEND if is_friend else _ADVOCATE)[trigger]
    return said.format(**names)


def is_afterwards(offer: Offer) -> bool:
    """Tell whether it is given after a payment, and so cannot be used for that one."""
    return offer.trigger not in (Trigger.SIGNUP, Trigger.MILESTONE)


def at_occasion(offer: Offer, *, whose: str = "your") -> str:
    """Say when something is given, such as "after your first purchase" or "for signing up"."""
    when = "after" if is_afterwards(offer) else "for"
    return f"{when} {occasion(offer, whose=whose)}"


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


def _of_at_least(offer: Offer) -> str:
    return f" of at least {_minimum(offer)}" if offer.minimum_minor else ""


def _minimum(offer: Offer) -> str:
    return money(offer.minimum_minor, offer.currency)
