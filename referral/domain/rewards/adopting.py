"""Taking over an act that was done before the database was restored, as its reward's own (F-40).

What was given then may be more than the reward gives now, because a refund that came later is
known first now. It is booked as it went: given whole, and then taken back.
"""

from __future__ import annotations

from datetime import datetime

from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.grants import Asked, Done, Grant, GrantState, NotReady, Waiting
from referral.domain.rewards.limits import take_again
from referral.domain.rewards.moving import lock, update_reward
from referral.domain.rewards.recovering import note_adopted
from referral.domain.rewards.releasing import money_lies_in
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.settling import settle


def adopt(grant: Grant, asked: Asked, done: Done, *, at: datetime) -> None:
    """Settle an act that was not sent by what was found at the provider.

    Raises NotReady while its reward cannot have led to that: more news of the lost time may come.
    """
    reward = lock(grant.reward)
    if grant.state == GrantState.WAITING and grant.has_amount:
        if done.currency != grant.currency:
            raise NotReady(Waiting.RECOVERING)
        if grant.takes:
            _take_as_much(grant, reward, done.amount_minor)
        else:
            _give_as_much(reward, done.amount_minor, at=at)
    prepare(grant, asked, at=at)
    note_adopted(grant.business_id)
    settle(grant, done, at=at)


def _take_as_much(grant: Grant, reward: Reward, amount_minor: int) -> None:
    """Have a taking take just what was taken; what is due beyond that is another act."""
    left_minor = reward.payable_minor - reward.debited_minor
    if amount_minor > min(reward.outstanding_minor, left_minor):
        raise NotReady(Waiting.RECOVERING)
    grant.amount_minor = amount_minor


def _give_as_much(reward: Reward, amount_minor: int, *, at: datetime) -> None:
    """Have a reward give what was given: what a refund withheld of it is taken back after it."""
    more_minor = amount_minor - reward.payable_minor
    if not 0 <= more_minor <= reward.withheld_minor:
        raise NotReady(Waiting.RECOVERING)
    if not more_minor:
        return
    if not take_again(reward, more_minor, into=money_lies_in(reward), at=at):
        raise NotReady(Waiting.RECOVERING)
    update_reward(reward, withheld_minor=reward.withheld_minor - more_minor)
