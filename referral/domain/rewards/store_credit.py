"""Store credit as a reward: given as a lot, taken back out of that lot, and ended when it expires.

Nobody outside is asked: each act is done in the commit that settles it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from referral.domain.businesses import Business
from referral.domain.notices import notify
from referral.domain.programs import return_to_budget
from referral.domain.rewards import allowances
from referral.domain.rewards.attempts import drop_waiting, plan_grant, resize_grant
from referral.domain.rewards.clawback import go_on_taking
from referral.domain.rewards.credit import (
    CreditLot,
    EntryKind,
    change,
    lock_balance,
)
from referral.domain.rewards.expiring import NOTICE
from referral.domain.rewards.grants import Done, Grant, GrantState
from referral.domain.rewards.ledger import Account, Movement, transfer
from referral.domain.rewards.moving import lock, update_reward
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.releasing import return_unused
from referral.domain.rewards.rewards import Reward
from referral.foundation.calendar import day_of
from referral.foundation.db import session


def give(grant: Grant, *, at: datetime) -> Done:
    """Give a reward as a lot; its life begins now and is as long as the offer promised."""
    reward = grant.reward
    days = reward.offer.credit_life_days
    expires_at = None if days is None else at + timedelta(days=days)
    lock_balance(reward.person, reward.currency)
    lot = CreditLot(
        business_id=reward.business_id,
        person_id=reward.person_id,
        reward_id=reward.id,
        currency=reward.currency,
        granted_minor=grant.amount_minor,
        left_minor=0,
        granted_at=at,
        expires_at=expires_at,
        due_at=None if expires_at is None else max(at, expires_at - NOTICE),
    )
    session.add(lot)
    session.flush()
    change(lot, EntryKind.GRANT, grant.amount_minor, at=at)
    return _done(grant, lot.public_id)


def left_to_take(grant: Grant) -> int:
    """Return what is left of the reward's own lot; nobody spends of it until the commit."""
    lock_balance(grant.reward.person, grant.currency)
    lot = lot_of(grant.reward)
    return lot.left_minor if lot else 0


def take(grant: Grant, *, at: datetime) -> Done:
    """Take the grant's amount back out of the reward's own lot."""
    lot = lot_of(grant.reward)
    if lot is None:
        raise LookupError("only what was given is taken back")
    change(lot, EntryKind.TAKEN_BACK, -grant.amount_minor, at=at)
    return _done(grant, grant.public_id)


def look_at_lot(lot: CreditLot, *, at: datetime) -> datetime | None:
    """Tell somebody that their credit will expire, or end it; returns when to look again."""
    if lot.has_ended(at):
        expire(lot, at=at)
        return None
    _tell(lot, at=at)
    return lot.expires_at


def expire(lot: CreditLot, *, at: datetime) -> None:
    """End what is left of a lot: it goes back to the budget, and the reward stays granted.

    What a refund was still to take of it counts as taken by that.
    """
    reward = lock(lot.reward)
    lock_balance(reward.person, reward.currency)
    session.refresh(lot)
    if lot.left_minor:
        end_part(lot, reward, lot.left_minor, at=at)


def end_part(lot: CreditLot, reward: Reward, amount_minor: int, *, at: datetime) -> None:
    """Let a part of a lot expire; the reward and the balance are locked."""
    change(lot, EntryKind.EXPIRY, -amount_minor, at=at)
    return_unused(reward, amount_minor, at=at)
    if not reward.clawback_minor or not reward.is_live:
        return
    if reward.outstanding_minor:
        resize_grant(reward)
    else:
        drop_waiting(reward, at=at)
    go_on_taking(reward, at=at)


def repay(lot: CreditLot, reward: Reward, amount_minor: int, *, at: datetime) -> None:
    """Pay a part of a reward's debt with credit that came back; both are locked.

    An act that is done stands for it, as for everything that is taken back.
    """
    act = plan_grant(reward, Operation.STORE_DEBIT, amount_minor=amount_minor, at=at)
    act.parameters = {"customer": "", "wanted": amount_minor, "amount": amount_minor}
    act.state, act.first_sent_at, act.settled_at, act.due_at = GrantState.DONE, at, at, None
    act.object_id = act.public_id
    change(lot, EntryKind.TAKEN_BACK, -amount_minor, at=at)
    lines = {Account.BUDGET: amount_minor}
    transfer(reward, Movement.REVERSE, source=Account.CLAWBACK_DUE, lines=lines, at=at)
    return_to_budget(reward.program_id, amount_minor)
    allowances.give_back(reward, amount_minor)
    update_reward(
        reward,
        owed_minor=reward.owed_minor - amount_minor,
        debited_minor=reward.debited_minor + amount_minor,
    )


def lot_of(reward: Reward) -> CreditLot | None:
    """Return the lot a reward was given as, read afresh."""
    query = select(CreditLot).where(CreditLot.reward_id == reward.id)
    return session.scalar(query.execution_options(populate_existing=True))


def _tell(lot: CreditLot, *, at: datetime) -> None:
    if not lot.left_minor or not lot.person.email or lot.expires_at is None:
        return
    zone = session.get_one(Business, lot.business_id).time_zone
    notify(
        lot.business_id,
        "credit_expires",
        to=lot.person.email,
        once_key=f"credit_expires:{lot.id}",
        at=at,
        said={
            "amount_minor": lot.left_minor,
            "currency": lot.currency,
            "ends_on": day_of(lot.expires_at, zone),
        },
    )


def _done(grant: Grant, object_id: str) -> Done:
    return Done(object_id, grant.amount_minor, grant.currency, recipient="", details={})
