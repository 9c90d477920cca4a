"""Every donation with its charity, reward and person, for the books of the business."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from referral.domain.people import Person
from referral.domain.rewards import Reward
from referral.domain.rewards.charities import Charity, Donation
from referral.foundation.db import session


def donations() -> Iterable[tuple[Donation, Charity, Reward, Person]]:
    """List what was given on, the newest first."""
    query = (
        select(Donation, Charity, Reward, Person)
        .join(Charity, Charity.id == Donation.charity_id)
        .join(Reward, Reward.id == Donation.reward_id)
        .join(Person, Person.id == Reward.person_id)
        .order_by(Donation.id.desc())
        .execution_options(yield_per=1000)
    )
    return session.execute(query)
