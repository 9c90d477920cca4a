"""A thank-you in somebody's own words: no money, no provider, and never taken back.

The words are the offer's, or those somebody wrote for one person when they approved it.
"""

from __future__ import annotations

from datetime import datetime

from referral.domain.notices import notify
from referral.domain.programs import Kind
from referral.domain.programs.kinds import MOST_WORDS
from referral.domain.rewards.grants import Done, Grant
from referral.domain.rewards.moving import RewardMoved, lock, update_reward
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.errors import Invalid
from referral.foundation.text import plain

_LONGEST_NAME = 200


def write_words(reward: Reward, words: str, *, by: str) -> None:
    """Write a thank-you for just this person, signed with a name; earlier words give way.

    Raises Invalid for a reward of another kind and for words that do not fit, RewardMoved when it
    is approved already.
    """
    lock(reward)
    said, name = plain(words), plain(by)
    if reward.kind != Kind.RECOGNITION:
        raise Invalid(fields={"words": "Only a thank-you is in somebody's own words."})
    if not 1 <= len(said) <= MOST_WORDS:
        raise Invalid(fields={"words": f"Write 1 to {MOST_WORDS} characters."})
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(fields={"words_by": "Say who wrote it."})
    if reward.state != RewardState.PENDING:
        raise RewardMoved(f"A reward that is {reward.state} cannot be written to any more.")
    update_reward(reward, words=said, words_by=name)


def words_of(reward: Reward) -> tuple[str | None, str | None]:
    """Return what a thank-you says and who wrote it, if it was written for just this person."""
    if reward.words is not None:
        return reward.words, reward.words_by
    return reward.offer.words, None


def thank(grant: Grant, *, at: datetime) -> Done:
    """Give a recognition: the act itself is the object (I-5). Words of its own go out by mail."""
    reward = grant.reward
    if reward.words is not None and reward.person.email:
        notify(
            reward.business_id,
            "thank_you",
            to=reward.person.email,
            once_key=f"thank_you:{reward.id}",
            at=at,
            said={"words": reward.words, "by": reward.words_by, "reward": reward.public_id},
        )
    return Done(
        object_id=grant.public_id,
        amount_minor=0,
        currency=grant.currency,
        recipient="",
        details={"thanked_at": at.isoformat()},
    )
