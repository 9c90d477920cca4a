"""From an event to a reward: does it qualify, how much, and is there budget for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from referral.domain.attribution import Referral, TouchKind
from referral.domain.businesses.audit import SYSTEM
from referral.domain.people import Person
from referral.domain.programs import Offer, Side, Trigger
from referral.domain.programs.offers import WITHOUT_MONEY
from referral.domain.purchases import Purchase
from referral.domain.rewards.amounts import Inputs, worth
from referral.domain.rewards.holds import HoldKind, carry_holds, place_hold
from referral.domain.rewards.limits import begin_within_limits
from referral.domain.rewards.releasing import cancel
from referral.domain.rewards.rewards import SUPERSEDED, Reward, RewardState, lock
from referral.foundation.clock import to_second
from referral.foundation.db import session

EARLIER_PURCHASE = "earlier_purchase"
EXISTING_CUSTOMER = "existing_customer"


def earn_by_signup(referral: Referral, *, at: datetime) -> list[Reward]:
    """Give both sides what their offers promise for the signup itself; once per referral."""
    return [
        reward
        for person, offer in _sides(referral)
        if offer.trigger == Trigger.SIGNUP
        and (reward := _earn(referral, person, offer, None, at=at)) is not None
    ]


def earn_by_purchase(referral: Referral, purchase: Purchase, *, at: datetime) -> list[Reward]:
    """Give both sides what their offers promise for this purchase, if it qualifies."""
    if disqualified(referral, purchase) is not None:
        return []
    return [
        reward
        for person, offer in _sides(referral)
        if offer.trigger != Trigger.SIGNUP
        and offer_misses(offer, purchase) is None
        and (reward := _earn(referral, person, offer, purchase, at=at)) is not None
    ]


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


def retract(referral: Referral, *, at: datetime) -> None:
    """Cancel what an existing customer's referral has earned, as far as it is not granted yet."""
    query = (
        select(Reward)
        .where(Reward.referral_id == referral.id)
        .where(Reward.state.in_((RewardState.PENDING, RewardState.APPROVED)))
        .order_by(Reward.id)
    )
    for reward in session.scalars(query).all():
        cancel(lock(reward), reason=EXISTING_CUSTOMER, actor=SYSTEM, at=at)


def offer_misses(offer: Offer, purchase: Purchase) -> str | None:
    """Return why an offer does not apply to a purchase, or None when it does."""
    if purchase.currency != offer.currency:
        return "other_currency"
    if purchase.base_minor < offer.minimum_minor:
        return "below_minimum"
    if offer.kind not in WITHOUT_MONEY and worth(_inputs(offer, purchase)) <= 0:
        return "rounds_to_nothing"
    return None


def _sides(referral: Referral) -> Iterable[tuple[Person, Offer]]:
    for side, offer in (("advocate", referral.advocate_offer), ("friend", referral.friend_offer)):
        if offer is not None:
            yield (referral.advocate if side == "advocate" else referral.friend), offer


def _earn(
    referral: Referral, person: Person, offer: Offer, purchase: Purchase | None, *, at: datetime
) -> Reward | None:
    slot = _slot(referral, offer, purchase)
    standing = session.scalar(
        select(Reward).where(
            Reward.offer_id == offer.id, Reward.person_id == person.id, Reward.slot == slot
        )
    )
    if standing is not None and not _gives_way(standing, offer, purchase, at=at):
        return None
    occurred_at = purchase.occurred_at if purchase else referral.at
    hold = timedelta(days=offer.hold_days if purchase else 0)
    inputs = _inputs(offer, purchase)
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
        amount_minor=worth(inputs),
        currency=offer.currency,
        inputs=inputs.as_json(),
        earned_at=occurred_at,
        expected_at=occurred_at + hold,
        due_at=occurred_at + hold,
        person=person,
        offer=offer,
        referral=referral,
    )
    begin_within_limits(reward, at=at)
    if reward.state == RewardState.PENDING and referral.touch.kind == TouchKind.STATED:
        place_hold(
            reward,
            HoldKind.STATED_NAME,
            reason="Only a name was stated; somebody should confirm it.",
            actor=SYSTEM,
            at=at,
            cause="stated_name",
        )
    if standing is not None:
        carry_holds(standing, reward, (HoldKind.STAFF,), at=at)
    return reward


def _inputs(offer: Offer, purchase: Purchase | None) -> Inputs:
    return Inputs(
        amount_minor=offer.amount_minor,
        rate_bp=offer.rate_bp,
        cap_minor=offer.cap_minor,
        base_minor=purchase.base_minor if purchase else 0,
        offer_version=offer.version,
    )


def _slot(referral: Referral, offer: Offer, purchase: Purchase | None) -> str:
    """Return what a reward is for: one per referral, or one per purchase (I-2)."""
    if offer.trigger == Trigger.PURCHASE and purchase is not None:
        return f"purchase:{purchase.id}"
    return f"referral:{referral.id}"


def _gives_way(standing: Reward, offer: Offer, purchase: Purchase | None, *, at: datetime) -> bool:
    """Let a later purchase's reward give way to the true first one, while nothing is granted.

    Of two in one second the provider's own id decides, so the order of the news does not.
    """
    if offer.trigger != Trigger.FIRST_PURCHASE or purchase is None or standing.purchase_id is None:
        return False
    current = lock(standing)
    held = session.get_one(Purchase, current.purchase_id)
    if (purchase.occurred_at, purchase.external_id) >= (held.occurred_at, held.external_id):
        return False
    if current.state not in (RewardState.PENDING, RewardState.APPROVED):
        return False
    cancel(current, reason=EARLIER_PURCHASE, actor=SYSTEM, at=at)
    session.execute(
        update(Reward)
        .where(Reward.id == current.id)
        .values(slot=f"{SUPERSEDED}{current.id}")
        .execution_options(synchronize_session=False)
    )
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
