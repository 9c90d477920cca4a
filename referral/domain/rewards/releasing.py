"""Ending a reward before its grant, with its money going back to the budget."""

from __future__ import annotations

from datetime import datetime

from referral.domain.businesses import Actor
from referral.domain.programs import return_to_budget
from referral.domain.rewards import allowances
from referral.domain.rewards.attempts import drop_waiting
from referral.domain.rewards.debts import reopen, settle_with_approved, take_out
from referral.domain.rewards.ledger import Account, Movement, transfer
from referral.domain.rewards.moving import move, update_reward
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState

REFUNDED = "refunded"


def cancel(reward: Reward, *, reason: str, actor: Actor, at: datetime) -> None:
    """End a reward that nothing outside exists for; its money is back in the budget."""
    end(reward, RewardState.CANCELLED, reason=reason, actor=actor, at=at)


def end(reward: Reward, state: RewardState, *, reason: str, actor: Actor, at: datetime) -> None:
    """Move a locked reward to a side end and give back everything it still holds (I-11).

    What was planned for it outside and never sent is dropped, and a debt it settled stands again.
    """
    netted = reward.netted_minor
    take_out(reward, netted, at=at)
    left = reward.payable_minor
    source = money_lies_in(reward)
    move(reward, state, actor=actor, reason=reason, at=at, kept=reason)
    give_back(reward, left, source=source, at=at)
    opened = reopen(reward, netted, at=at)
    drop_waiting(reward, at=at)
    for debt in opened:
        settle_with_approved(debt, at=at)


def give_back(reward: Reward, amount_minor: int, *, source: Account, at: datetime) -> None:
    """Return part of a reward's money from where it lies to the budget and the allowance."""
    transfer(reward, Movement.RELEASE, source=source, lines={Account.BUDGET: amount_minor}, at=at)
    return_to_budget(reward.program_id, amount_minor)
    allowances.give_back(reward, amount_minor)


def return_unused(reward: Reward, most_minor: int, *, at: datetime) -> None:
    """Return what was given and ended unused, as far as it is the reward's own money still.

    What stood as a debt that was settled or forgiven since is nobody's to return.
    """
    gone_minor = reward.withheld_minor + reward.debited_minor + reward.owed_minor
    back_minor = min(most_minor, reward.amount_minor - gone_minor - reward.expired_minor)
    lines = {Account.BUDGET: back_minor}
    transfer(reward, Movement.EXPIRE, source=Account.GRANTED, lines=lines, at=at)
    return_to_budget(reward.program_id, back_minor)
    allowances.give_back(reward, back_minor)
    update_reward(reward, expired_minor=reward.expired_minor + back_minor)


def money_lies_in(reward: Reward) -> Account:
    """Return the account a reward's money is in, by its state."""
    if reward.state == RewardState.PENDING:
        return Account.RESERVED
    if reward.state in (RewardState.APPROVED, RewardState.GRANTING):
        return Account.PAYABLE
    return Account.GRANTED
