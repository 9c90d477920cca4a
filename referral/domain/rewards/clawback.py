"""Taking back a refund's share: computed from the cumulative refund, so order does not matter."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from referral.domain.businesses.audit import SYSTEM
from referral.domain.programs import return_to_budget
from referral.domain.purchases import Purchase
from referral.domain.rewards import allowances
from referral.domain.rewards.attempts import drop_waiting, plan_grant, resize_grant
from referral.domain.rewards.debts import reopen, settle_with_approved, take_out, undo_debt
from referral.domain.rewards.grants import Grant, open_grant
from referral.domain.rewards.ledger import Account, Movement, transfer
from referral.domain.rewards.moving import lock, move, update_reward
from referral.domain.rewards.operations import ALL_OR_NOTHING, WHOLE
from referral.domain.rewards.releasing import REFUNDED, cancel, give_back, money_lies_in
from referral.domain.rewards.restoring import restore
from referral.domain.rewards.rewards import Reward, has_its_place
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session
from referral.foundation.money import share, step_minor


def claw_back(purchase: Purchase, *, at: datetime) -> list[Reward]:
    """Bring what is taken back of a purchase's rewards in line with its refunded share.

    Of each promise its person keeps the reward less reward × refunded ÷ paid, rounded half even
    (I-15); the two last are in the purchase's own currency. A refund that fails gives back what it
    took; returns rewards that began anew for that. A debt that was forgiven stays with its person,
    and a part that was denied or refused is not theirs.
    """
    begun = []
    for promise in _promises(purchase):
        whole = promise[0].amount_minor
        if not whole:
            begun += _follow(promise, purchase, at=at)
            continue
        step = step_minor(promise[0].currency)
        right = whole - share(whole, purchase.refunded_minor, purchase.gross_minor, step=step)
        promised = sum(one.amount_minor - one.clawback_minor for one in promise)
        held = sum(one.amount_minor - one.clawback_minor for one in promise if one.is_live)
        forgiven = sum(one.forgiven_minor for one in promise)
        if held > right:
            _take(promise, held - right, at=at)
        elif promised + forgiven < right:
            begun += restore(promise, right - promised - forgiven, at=at)
    return begun


def _promises(purchase: Purchase, *, of: Reward | None = None) -> list[list[Reward]]:
    """Return the locked rewards of a purchase: each, and then those that gave back a part of it.

    A reward that gave way to an earlier purchase's takes what gave back its parts with it.
    """
    query = select(Reward).where(Reward.purchase_id == purchase.id, has_its_place())
    if of is not None:
        query = query.where(Reward.offer_id == of.offer_id, Reward.person_id == of.person_id)
    promises: dict[tuple[uuid.UUID, uuid.UUID], list[Reward]] = {}
    for reward in session.scalars(query.order_by(Reward.program_id, Reward.id)).all():
        promises.setdefault((reward.offer_id, reward.person_id), []).append(lock(reward))
    whole = [sorted(one, key=lambda reward: reward.is_restored) for one in promises.values()]
    return [promise for promise in whole if not promise[0].is_restored]


def _follow(promise: list[Reward], purchase: Purchase, *, at: datetime) -> list[Reward]:
    """End a reward without an amount with its whole purchase, or begin it anew.

    A share off an order to come is withdrawn while nobody used it; thanks that were said stay.
    """
    latest = promise[-1]
    if latest.state == RewardState.GRANTED:
        take_what_is_due(latest, at=at)
    elif _went_back(purchase):
        if latest.state in (RewardState.PENDING, RewardState.APPROVED):
            cancel(latest, reason=REFUNDED, actor=SYSTEM, at=at)
    elif latest.state in (RewardState.CANCELLED, RewardState.REVERSED):
        return restore(promise, 0, at=at)
    return []


def _take(promise: list[Reward], amount_minor: int, *, at: datetime) -> None:
    """Take an amount back, of what began last first."""
    left = amount_minor
    for reward in reversed(promise):
        part = min(left, reward.amount_minor - reward.clawback_minor) if reward.is_live else 0
        if part:
            left -= part
            _take_back(reward, part, at=at)


def _take_back(reward: Reward, amount_minor: int, *, at: datetime) -> None:
    update_reward(reward, clawback_minor=reward.clawback_minor + amount_minor)
    if reward.state in (RewardState.PENDING, RewardState.APPROVED):
        _withhold(reward, at=at)
    elif reward.state == RewardState.GRANTED:
        go_on_taking(reward, at=at)


def take_what_is_due(reward: Reward, *, at: datetime) -> None:
    """Plan what takes the rest of a granted reward back, unless that is under way already.

    What nothing can take back stands as a debt at once, and so does what was never sent because it
    settled another debt.
    """
    if not reward.amount_minor:
        _take_what_has_no_amount(reward, at=at)
        return
    if reward.outstanding_minor <= 0 or open_grant(reward) is not None:
        return
    taking, given = reward.way.takes, reward.payable_minor - reward.debited_minor
    if taking in ALL_OR_NOTHING and not _gather(reward, at=at):
        taking = None
    if taking is None or given <= 0:
        owe_instead(reward, at=at)
    else:
        amount_minor = min(reward.outstanding_minor, given)
        plan_grant(reward, taking, amount_minor=amount_minor, at=at)


def _take_what_has_no_amount(reward: Reward, *, at: datetime) -> None:
    """Plan to withdraw it while its whole purchase is refunded, and give that up once it is not."""
    if reward.way.takes is None or reward.purchase is None or reward.reason is not None:
        return
    if not _went_back(reward.purchase):
        drop_waiting(reward, at=at)
    elif reward.lapsed_at is None and open_grant(reward) is None:
        plan_grant(reward, reward.way.takes, amount_minor=0, at=at)


def _gather(reward: Reward, *, at: datetime) -> bool:
    """Have the parts that stand as a debt be taken after all, once they make up the whole.

    Returns whether they do; what was settled or forgiven meanwhile is not there any more.
    """
    debt_minor = reward.debt_minor
    if reward.clawback_minor < reward.amount_minor or debt_minor < reward.owed_minor:
        return False
    undo_debt(reward, debt_minor, at=at)
    return True


def settle_debit(reward: Reward, grant: Grant, *, at: datetime) -> None:
    """Book a debit that was done: what was taken goes to the budget, the rest stands as a debt."""
    asked = int((grant.parameters or {}).get("wanted", grant.amount_minor))
    _book(reward, taken=grant.amount_minor, owed=asked - grant.amount_minor, at=at)


def owe_instead(reward: Reward, *, at: datetime) -> None:
    """Book everything outstanding as a debt: nothing of it could be taken back outside."""
    _book(reward, taken=0, owed=reward.outstanding_minor, at=at)


def _book(reward: Reward, *, taken: int, owed: int, at: datetime) -> None:
    update_reward(
        reward,
        debited_minor=reward.debited_minor + taken,
        owed_minor=reward.owed_minor + owed,
    )
    transfer(
        reward,
        Movement.REVERSE,
        source=Account.GRANTED,
        lines={Account.BUDGET: taken, Account.CLAWBACK_DUE: owed},
        at=at,
    )
    return_to_budget(reward.program_id, taken)
    allowances.give_back(reward, taken)
    go_on_taking(reward, at=at)
    if owed:
        settle_with_approved(reward, at=at)


def go_on_taking(reward: Reward, *, at: datetime) -> None:
    """Take what is still due of a granted reward; once all of it is back, it is reversed."""
    if reward.state == RewardState.REVERSED:
        return
    if reward.clawback_minor == reward.amount_minor and reward.outstanding_minor == 0:
        why = reward.reason or REFUNDED
        move(reward, RewardState.REVERSED, actor=SYSTEM, reason="Reversed.", at=at, kept=why)
        _begin_again(reward, at=at)
    else:
        take_what_is_due(reward, at=at)


def _begin_again(reward: Reward, *, at: datetime) -> None:
    """Begin anew what has no amount, when its refund failed while it was being withdrawn."""
    purchase = reward.purchase
    if reward.amount_minor or purchase is None or _went_back(purchase):
        return
    for promise in _promises(purchase, of=reward):
        restore(promise, 0, at=at)


def _went_back(purchase: Purchase) -> bool:
    return purchase.refunded_minor >= purchase.gross_minor


def _withhold(reward: Reward, *, at: datetime) -> None:
    """Keep a share back before the grant; a whole one ends the reward.

    Of what cannot be made smaller, a share stands as a debt once it is given.
    """
    if reward.clawback_minor == reward.amount_minor:
        cancel(reward, reason=REFUNDED, actor=SYSTEM, at=at)
        return
    if reward.kind in WHOLE:
        return
    more = reward.clawback_minor - reward.withheld_minor
    netted = max(0, more - reward.payable_minor)
    take_out(reward, netted, at=at)
    give_back(reward, more, source=money_lies_in(reward), at=at)
    opened = reopen(reward, netted, at=at)
    update_reward(reward, withheld_minor=reward.clawback_minor)
    resize_grant(reward)
    for debt in opened:
        settle_with_approved(debt, at=at)
