"""Every donation with its charity, reward and person, for the books of the business."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from referral.domain.people import Person
from referral.domain.reports.ledger import Leaf
from referral.domain.rewards import Reward
from referral.domain.rewards.charities import Charity, Donation
from referral.foundation.db import session

Given = tuple[Donation, Charity, Reward, Person]


def donations(after: uuid.UUID | None, *, limit: int) -> Leaf[Given]:
    """List what was given on, the newest first, a page at a time."""
    query = (
        select(Donation, Charity, Reward, Person)
        .join(Charity, Charity.id == Donation.charity_id)
        .join(Reward, Reward.id == Donation.reward_id)
        .join(Person, Person.id == Reward.person_id)
        .order_by(Donation.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(Donation.id < after)
    found = [(gift, to, reward, person) for gift, to, reward, person in session.execute(query)]
    return Leaf(found[:limit], found[limit - 1][0].id if len(found) > limit else None)
