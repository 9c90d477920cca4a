"""From an event to a reward: does it qualify, how much, and is there budget for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from referral.domain.attribution import Referral, TouchKind
from referral.domain.businesses.audit import SYSTEM
from referral.domain.currencies import Conversion, convert_on
from referral.domain.people import Person
from referral.domain.programs import Offer, Side, Trigger
from referral.domain.programs.kinds import REPEATED, WITHOUT_MONEY
from referral.domain.purchases import Purchase
from referral.domain.rewards.amounts import Inputs, inputs_of, worth, worth_now
from referral.domain.rewards.awaiting import await_rate
from referral.domain.rewards.holds import HoldKind, carry_holds, place_hold
from referral.domain.rewards.limits import begin_within_limits
from referral.domain.rewards.moving import lock
from referral.domain.rewards.qualifying import (
    expect,
    place_of,
)
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.domain.rewards.turns import (
    Turn,
    could_give_way,
    order_of,
    supersede,
    turn_for,
)
from referral.foundation.clock import to_second
from referral.foundation.db import session

EXISTING_CUSTOMER = "existing_customer"
NO_EXCHANGE_RATE = "no_exchange_rate"


class Base(NamedTuple):
    """What a purchase counts for, in the offer's currency, and how it was converted."""

    base_minor: int
    conversion: Conversion | None


def earn_by_signup(referral: Referral, *, at: datetime) -> list[Reward]:
    """Give both sides what their offers promise for the signup itself; once per referral."""
    return [
        reward
        for person, offer in _sides(referral)
        if offer.trigger == Trigger.SIGNUP
        and (reward := _earn_once(referral, person, offer, None, at=at)) is not None
    ]


def earn_by_purchase(referral: Referral, purchase: Purchase, *, at: datetime) -> list[Reward]:
    """Give both sides what their offers promise for this purchase, if it qualifies.

    A purchase that only lacks an exchange rate waits for one; a milestone is reached later.
    """
    if disqualified(referral, purchase) is not None:
        return []
    earned = []
    for person, offer in _sides(referral):
        misses = offer_misses(offer, purchase)
        if misses == NO_EXCHANGE_RATE:
            await_rate(purchase, offer.currency, at=at)
        elif misses is None and offer.trigger == Trigger.MILESTONE:
            expect(referral, not_before=purchase.occurred_at + _hold_of(offer))
        elif misses is None:
            earned.append(_earn(referral, person, offer, purchase, at=at))
    return [reward for reward in earned if reward is not None]


def disqualified(referral: Referral, purchase: Purchase) -> str | None:
    """Return why a purchase does not count for a referral at all, or None when it does.

    The window is half open: it begins with the touch, to the second, and ends before
    `qualify_by` (I-32).
    """
    if is_existing_customer(referral):
        return EXISTING_CUSTOMER
    if purchase.occurred_at < to_second(referral.touch.at):
        return "before_the_touch"
    if purchase.occurred_at >= referral.qualify_by:
        return "after_the_window"
    if purchase.base_minor <= 0:
        return "nothing_paid"
    return None


def is_existing_customer(referral: Referral) -> bool:
    """Tell whether news that came late shows the friend a customer from before the touch (I-4)."""
    since = referral.friend.known_since
    return since is not None and since < to_second(min(referral.touch.at, referral.at))


def offer_misses(offer: Offer, purchase: Purchase, *, kept_minor: int | None = None) -> str | None:
    """Return why an offer does not apply to a purchase, or None when it does.

    With `kept_minor` as if only that much of its base had been paid.
    """
    if offer.trigger == Trigger.SIGNUP:
        return "for_the_signup"
    if offer.trigger == Trigger.RENEWAL and not purchase.is_renewal:
        return "not_a_renewal"
    base = _base_of(offer, purchase, kept_minor)
    if base is None:
        return NO_EXCHANGE_RATE
    if base.base_minor < offer.minimum_minor:
        return "below_minimum"
    best = max(worth(one) for one in _possible(offer, base.base_minor))
    if offer.gives_share_off:
        best = base.base_minor
    if offer.kind not in WITHOUT_MONEY and (base.base_minor <= 0 or best <= 0):
        return "rounds_to_nothing"
    return None


def _base_of(offer: Offer, purchase: Purchase, kept_minor: int | None = None) -> Base | None:
    """Return what a purchase counts for; None while no exchange rate is known."""
    paid_minor = purchase.base_minor if kept_minor is None else kept_minor
    if purchase.currency == offer.currency:
        return Base(paid_minor, None)
    converted = convert_on(
        purchase.business_id,
        paid_minor,
        base=purchase.currency,
        quote=offer.currency,
        paid_at=purchase.occurred_at,
    )
    return Base(converted.into(offer.currency), converted) if converted else None


def _possible(offer: Offer, base_minor: int) -> list[Inputs]:
    """Return what an offer may give for a base: one for each of its steps."""
    return [
        inputs_of(offer, base_minor, place=place)
        for place in (*(step.friends for step in offer.tiers), *(() if offer.steps else (None,)))
    ]


def _sides(referral: Referral) -> Iterable[tuple[Person, Offer]]:
    for side, offer in (("advocate", referral.advocate_offer), ("friend", referral.friend_offer)):
        if offer is not None:
            yield (referral.advocate if side == "advocate" else referral.friend), offer


def _earn(
    referral: Referral, person: Person, offer: Offer, purchase: Purchase, *, at: datetime
) -> Reward | None:
    may_be_nothing = offer.steps and not offer.gives_share_off
    if may_be_nothing and _worth_here(referral, offer, purchase, at=at) <= 0:
        return None
    if offer.trigger in REPEATED and offer.times is not None:
        turn = turn_for(referral, person, offer, purchase, at=at)
        if turn is None:
            return None
        return _begin(referral, person, offer, purchase, turn, at=at)
    return _earn_once(referral, person, offer, purchase, at=at)


def _worth_here(referral: Referral, offer: Offer, purchase: Purchase, *, at: datetime) -> int:
    """Return what a purchase is worth at the friend's place; one that qualifies takes a place."""
    base = _base_of(offer, purchase) or Base(0, None)
    return worth(inputs_of(offer, base.base_minor, place=place_of(referral, at=at)))


def _earn_once(
    referral: Referral, person: Person, offer: Offer, purchase: Purchase | None, *, at: datetime
) -> Reward | None:
    """Earn what is given once for each purchase, or once for a referral (I-2)."""
    slot = f"referral:{referral.id}"
    if offer.trigger in REPEATED and purchase is not None:
        slot = f"purchase:{purchase.id}"
    standing = session.scalar(
        select(Reward).where(
            Reward.offer_id == offer.id, Reward.person_id == person.id, Reward.slot == slot
        )
    )
    if standing is not None and not _gives_way(standing, offer, purchase, at=at):
        return None
    return _begin(referral, person, offer, purchase, Turn(slot, standing), at=at)


def _begin(
    referral: Referral,
    person: Person,
    offer: Offer,
    purchase: Purchase | None,
    turn: Turn,
    *,
    at: datetime,
) -> Reward:
    place = place_of(referral, at=at) if offer.steps else None
    base = (_base_of(offer, purchase) if purchase else None) or Base(0, None)
    inputs = inputs_of(offer, base.base_minor, place=place, conversion=base.conversion)
    reward = begin_reward(
        referral,
        person,
        offer,
        inputs,
        slot=turn.slot,
        earned_at=purchase.occurred_at if purchase else referral.at,
        purchase=purchase,
        at=at,
    )
    if reward.state == RewardState.PENDING and referral.touch.kind == TouchKind.STATED:
        hold_stated(reward, at=at)
    if turn.gave_way is not None:
        carry_holds(turn.gave_way, reward, (HoldKind.STAFF,), at=at)
    return reward


def begin_reward(
    referral: Referral,
    person: Person,
    offer: Offer,
    inputs: Inputs,
    *,
    slot: str,
    earned_at: datetime,
    purchase: Purchase | None,
    at: datetime,
) -> Reward:
    """Begin a reward of what its inputs are worth; it waits for the hold only after a purchase."""
    hold = _hold_of(offer) if purchase else timedelta(0)
    reward = Reward(
        business_id=referral.business_id,
        program_id=referral.program_id,
        referral_id=referral.id,
        person_id=person.id,
        offer_id=offer.id,
        purchase_id=purchase.id if purchase else None,
        side=offer.side,
        kind=offer.kind,
        slot=slot,
        amount_minor=worth_now(offer, inputs),
        currency=offer.currency,
        inputs=inputs.as_json(),
        earned_at=earned_at,
        expected_at=earned_at + hold,
        due_at=earned_at + hold,
        person=person,
        offer=offer,
        referral=referral,
    )
    begin_within_limits(reward, at=at)
    return reward


def hold_stated(reward: Reward, *, at: datetime) -> None:
    """Hold a reward that rests on nothing but a stated name."""
    place_hold(
        reward,
        HoldKind.STATED_NAME,
        reason="Only a name was stated; somebody should confirm it.",
        actor=SYSTEM,
        at=at,
        cause="stated_name",
    )


def _hold_of(offer: Offer) -> timedelta:
    return timedelta(days=offer.hold_days)


def _gives_way(standing: Reward, offer: Offer, purchase: Purchase | None, *, at: datetime) -> bool:
    """Let a later purchase's reward give way to the true first one, while nothing is granted.

    Of two in one second the provider's own id decides, so the order of the news does not.
    """
    if offer.trigger != Trigger.FIRST_PURCHASE or purchase is None or standing.purchase_id is None:
        return False
    current = lock(standing)
    if order_of(purchase) >= order_of(session.get_one(Purchase, current.purchase_id)):
        return False
    if not could_give_way(current):
        return False
    supersede(current, at=at)
    return True


def reward_for(referral_id: uuid.UUID, side: Side) -> Reward | None:
    """Return the newest reward of one side of a referral."""
    query = (
        select(Reward)
        .where(Reward.referral_id == referral_id, Reward.side == side)
        .order_by(Reward.id.desc())
        .limit(1)
    )
    return session.scalar(query)
