"""A reward that goes to a charity: owed to it as soon as it is granted, withdrawn while unpaid."""

from __future__ import annotations

from datetime import datetime

from referral.domain.rewards.charities import Donation, withdraw
from referral.domain.rewards.choosing import charity_for, not_chosen
from referral.domain.rewards.grants import Done, Grant
from referral.foundation.db import session


def donate(grant: Grant, *, at: datetime) -> Done:
    """Owe the reward to the charity its person chose, or to the default; waits without either."""
    charity = charity_for(grant.reward)
    if charity is None:
        raise not_chosen(grant.reward)
    donation = Donation(
        business_id=grant.business_id,
        charity_id=charity.id,
        reward_id=grant.reward_id,
        amount_minor=grant.amount_minor,
        currency=grant.currency,
        at=at,
    )
    session.add(donation)
    session.flush()
    return Done(
        object_id=donation.public_id,
        amount_minor=donation.amount_minor,
        currency=donation.currency,
        recipient="",
        details={"charity": charity.public_id, "name": charity.name},
    )


def withdraw_donation(grant: Grant, *, at: datetime) -> Done | None:
    """Take back what the charity was not paid yet; None when it was."""
    if not withdraw(grant.reward_id, grant.amount_minor):
        return None
    return Done(
        object_id=grant.public_id,
        amount_minor=grant.amount_minor,
        currency=grant.currency,
        recipient="",
        details={"withdrawn_at": at.isoformat()},
    )
