"""Taking back a refund's share: computed from the cumulative refund, so order does not matter."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from referral.domain.businesses.audit import SYSTEM
from referral.domain.programs import return_to_budget
from referral.domain.purchases import Purchase
from referral.domain.rewards import allowances
from referral.domain.rewards.grants import Grant, Operation, open_grant, plan_grant
from referral.domain.rewards.ledger import Account, transfer
from referral.domain.rewards.releasing import cancel, give_back, money_lies_in
from referral.domain.rewards.rewards import Reward, RewardState, lock, move
from referral.foundation.db import session
from referral.foundation.money import share

REFUNDED = "refunded"


def claw_back(purchase: Purchase, *, at: datetime) -> list[Reward]:
    """Take the refunded share of every reward of a purchase back; returns those that changed.

    The target is reward × refunded ÷ paid, rounded half even, and never falls (I-15).
    """
    query = select(Reward).where(Reward.purchase_id == purchase.id)
    return [
        reward
        for reward in session.scalars(query.order_by(Reward.program_id, Reward.id)).all()
        if _claw_back(lock(reward), purchase, at=at)
    ]


def _claw_back(reward: Reward, purchase: Purchase, *, at: datetime) -> bool:
    target = share(reward.amount_minor, purchase.refunded_minor, purchase.gross_minor)
    if not reward.is_live or target <= reward.clawback_minor:
        return False
    _set(reward, clawback_minor=target)
    if reward.state in (RewardState.PENDING, RewardState.APPROVED):
        _withhold(reward, at=at)
    elif reward.state == RewardState.GRANTED:
        take_what_is_due(reward, at=at)
    return True


def take_what_is_due(reward: Reward, *, at: datetime) -> None:
    """Plan the next debit of a granted reward, unless one is under way already."""
    due = outstanding(reward)
    if due > 0 and open_grant(reward) is None:
        plan_grant(reward, Operation.DEBIT, amount_minor=due, at=at)


def outstanding(reward: Reward) -> int:
    """Return what is still to be taken back of a granted reward, in minor units."""
    return reward.clawback_minor - reward.withheld_minor - reward.debited_minor - reward.owed_minor


def settle_debit(reward: Reward, grant: Grant, *, at: datetime) -> None:
    """Book a debit that was done: what was taken goes to the budget, the rest stands as a debt."""
    asked = int((grant.parameters or {}).get("wanted", grant.amount_minor))
    _book(reward, taken=grant.amount_minor, owed=asked - grant.amount_minor, at=at)


def owe_instead(reward: Reward, *, at: datetime) -> None:
    """Book everything outstanding as a debt: nothing of it could be taken back outside."""
    _book(reward, taken=0, owed=outstanding(reward), at=at)


def _book(reward: Reward, *, taken: int, owed: int, at: datetime) -> None:
    _set(
        reward,
        debited_minor=reward.debited_minor + taken,
        owed_minor=reward.owed_minor + owed,
    )
    transfer(
        reward,
        "reverse",
        source=Account.GRANTED,
        lines={Account.BUDGET: taken, Account.CLAWBACK_DUE: owed},
        at=at,
    )
    return_to_budget(reward.program_id, taken)
    allowances.give_back(reward.program_id, reward.person_id, taken)
    if reward.clawback_minor == reward.amount_minor and outstanding(reward) == 0:
        move(reward, RewardState.REVERSED, actor=SYSTEM, reason="Reversed.", at=at, kept=REFUNDED)
    else:
        take_what_is_due(reward, at=at)


def _withhold(reward: Reward, *, at: datetime) -> None:
    """Keep a share back before the grant; a whole one ends the reward."""
    if reward.clawback_minor == reward.amount_minor:
        cancel(reward, reason=REFUNDED, actor=SYSTEM, at=at)
        return
    more = reward.clawback_minor - reward.withheld_minor
    give_back(reward, more, source=money_lies_in(reward), at=at)
    _set(reward, withheld_minor=reward.clawback_minor)
    grant = open_grant(reward)
    if grant is not None:
        grant.amount_minor = reward.payable_minor
    session.flush()


def _set(reward: Reward, **values: int) -> None:
    session.execute(
        update(Reward)
        .where(Reward.id == reward.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(reward)
