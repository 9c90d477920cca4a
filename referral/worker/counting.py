"""Friends whose hold has passed are counted; purchases are judged again once a rate is known."""

from __future__ import annotations

import uuid
from datetime import timedelta

from referral.domain import journey
from referral.domain.businesses import across_businesses, within
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.milestones import count_friend
from referral.domain.rewards.qualifying import Qualification
from referral.foundation import clock, due
from referral.foundation.db import session, transaction

_EVERY = timedelta(days=1)
_LONGEST = timedelta(days=365)
"""A rate that has not come in a year is not looked for any more; told later, it still counts."""


def count(key: uuid.UUID, token: uuid.UUID) -> None:
    """Count a friend for a milestone, or look again when their purchase will have stood."""
    with transaction():
        friend = session.get_one(Qualification, key, execution_options=across_businesses())
        with within(friend.business_id):
            _, again_at = count_friend(friend, at=clock.now())
            due.finish(friend, token, again_at=again_at)


def judge(key: uuid.UUID, token: uuid.UUID) -> None:
    """Judge a purchase again that had no exchange rate; without one, look again tomorrow."""
    at = clock.now()
    with transaction():
        waiting = session.get_one(AwaitedRate, key, execution_options=across_businesses())
        with within(waiting.business_id):
            is_over = journey.judge_again(waiting, at=at) or at.date() - waiting.day > _LONGEST
            due.finish(waiting, token, again_at=None if is_over else at + _EVERY)
