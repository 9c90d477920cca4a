"""What a purchase means for those who are thanked: earned, held while disputed, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from referral.domain.attribution import Referral, referrals_of_friend
from referral.domain.businesses.audit import SYSTEM
from referral.domain.people import Person, know_since
from referral.domain.purchases import Purchase, open_disputes, purchases_of
from referral.domain.rewards import (
    Reward,
    RewardState,
    claw_back,
    earn_by_purchase,
    place_hold,
)
from referral.domain.rewards.earning import is_existing_customer
from referral.domain.rewards.holds import HOLDABLE, HoldKind
from referral.domain.rewards.qualifying import look_again
from referral.domain.rewards.retracting import retract as cancel_earned
from referral.domain.rewards.ripening import make_due
from referral.domain.rewards.waking import wake_grants, wake_waiting
from referral.foundation.clock import to_second
from referral.foundation.db import session


def know_customer(person: Person, since: datetime, *, at: datetime) -> None:
    """Note since when somebody is a customer; what they earned somebody as a new one ends."""
    know_since(person, since)
    retract(person, at=at)


def retract(person: Person, *, at: datetime) -> None:
    """Cancel what the referrals of somebody who was a customer before have earned."""
    for referral in referrals_of_friend(person):
        if is_existing_customer(referral):
            cancel_earned(referral, at=at)


def thank_since(person: Person, *, at: datetime) -> None:
    """Judge what a friend paid before we knew who sent them, from the winning touch on."""
    referrals = referrals_of_friend(person)
    if referrals:
        since = to_second(min(referral.touch.at for referral in referrals))
        thank(referrals, purchases_of(person, since=since), at=at)


def thank(referrals: Sequence[Referral], purchases: Sequence[Purchase], *, at: datetime) -> None:
    """Judge purchases for the referrals of whoever paid, program by program."""
    for referral in sorted(referrals, key=lambda one: one.program_id):
        for purchase in purchases:
            if earn_by_purchase(referral, purchase, at=at):
                _catch_up(purchase, at=at)


def _catch_up(purchase: Purchase, *, at: datetime) -> None:
    """Apply to fresh rewards what had happened to their purchase before they were earned."""
    if purchase.refunded_minor:
        claw_back(purchase, at=at)
    _hold_while_disputed(purchase, rewards_for(purchase), at=at)


def apply_refunds(purchase: Purchase, *, at: datetime) -> None:
    """Bring rewards in line with what was refunded; a dispute holds those that begin anew too."""
    begun = claw_back(purchase, at=at)
    look_again(purchase.person_id, at=at)
    if begun:
        _hold_while_disputed(purchase, begun, at=at)


def hold_the_disputed(begun: Reward, *, at: datetime) -> None:
    """Hold what begins in another reward's place, and what goes with it, while it is disputed."""
    if begun.purchase is not None:
        _hold_while_disputed(begun.purchase, rewards_for(begun.purchase), at=at)


def _hold_while_disputed(purchase: Purchase, rewards: Sequence[Reward], *, at: datetime) -> None:
    for known in open_disputes(purchase):
        for reward in rewards:
            hold_disputed(reward, f"dispute:{known.external_id}", at=at)


def rewards_for(purchase: Purchase) -> Sequence[Reward]:
    """List what a purchase earned anybody."""
    query = select(Reward).where(Reward.purchase_id == purchase.id)
    return session.scalars(query.order_by(Reward.program_id, Reward.id)).all()


def hold_disputed(reward: Reward, cause: str, *, at: datetime) -> None:
    """Hold a reward that is not granted while its purchase is disputed; once for a cause."""
    if reward.state in HOLDABLE:
        place_hold(
            reward,
            HoldKind.DISPUTE,
            reason="The customer's bank disputes the payment.",
            actor=SYSTEM,
            at=at,
            cause=cause,
        )


def wake(reward: Reward, *, at: datetime) -> None:
    """Have a released reward looked at again, and its grant tried, also one that was given up."""
    if reward.state == RewardState.PENDING:
        make_due(reward, at=at)
    wake_waiting(reward, at=at)
    wake_grants(reward.person_id, at=at)
