"""Debts: what should have gone back and could not is settled by later rewards, or forgiven.

Each settlement is two movements of `net`: the part of the later reward goes from `payable` to
`granted`, for its person has that money already, and the same part of the debt goes from
`clawback_due` back to the budget. Only rewards of one program, person and currency meet.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Actor, Owned
from referral.domain.businesses.audit import SYSTEM
from referral.domain.programs import return_to_budget
from referral.domain.programs.kinds import MONEY
from referral.domain.rewards import allowances
from referral.domain.rewards.attempts import resize_grant
from referral.domain.rewards.grants import Grant, GrantState, NotNeeded, NotReady, Waiting
from referral.domain.rewards.ledger import Account, Movement, transfer
from referral.domain.rewards.moving import lock, move, update_reward
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import Key, Minor, Model, Moment, Name, Short, session, whole_minor
from referral.foundation.errors import Conflict
from referral.foundation.guards import append_only

_OWING = (RewardState.GRANTED, RewardState.REVERSED)


class DebtSettlement(Owned, Model):
    """What ended a part of a debt: a later reward, or somebody who forgave it; append only.

    `debt_id` is the reward that was to go back, `paid_by_id` the later one. Below nothing it is
    taken back, because the later reward ended before it was granted.
    """

    __table_args__ = (
        Index(None, "debt_id"),
        Index(None, "paid_by_id"),
        *whole_minor("amount_minor"),
    )

    id: Mapped[Key]
    debt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    paid_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reward.id"))
    amount_minor: Mapped[Minor]
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    reason: Mapped[str] = mapped_column(String(400))
    at: Mapped[Moment]

    debt: Mapped[Reward] = relationship(foreign_keys=[debt_id])


append_only(DebtSettlement)


class NothingOwed(Conflict):
    """There is no debt to forgive, or not any more."""

    code = "nothing_owed"
    message = "Nothing is owed of this reward any more. Look at it again."


def settle_debts(reward: Reward, *, at: datetime) -> None:
    """Let an approved reward pay what its person owes in its program, the oldest debt first.

    What is not money pays only as what gives a refund's part back: its own promise's debt, for
    what stood as a debt was never taken. Its program is locked already.
    """
    if reward.state != RewardState.APPROVED:
        return
    if reward.kind not in MONEY and not reward.is_restored:
        return
    for debt in _debts_beside(reward):
        part = min(reward.payable_minor, debt.debt_minor)
        if part > 0:
            _net(reward, debt, part, at=at)
    resize_grant(reward)


def settle_with_approved(debt: Reward, *, at: datetime) -> None:
    """Let what is approved for the same person already, and not sent, pay a debt that came."""
    query = (
        select(Reward)
        .where(Reward.program_id == debt.program_id, Reward.person_id == debt.person_id)
        .where(Reward.state == RewardState.APPROVED, Reward.kind.in_(MONEY))
        .where(Reward.currency == debt.currency)
        .order_by(Reward.id)
    )
    for reward in session.scalars(query).all():
        settle_debts(lock(reward), at=at)


def goes_in_whole(grant: Grant) -> bool:
    """Tell whether nothing of an act is left to send, because all of it settles debts."""
    return grant.state == GrantState.WAITING and not grant.takes and grant.reward.is_settling


def grant_whole(grant: Grant, *, at: datetime) -> None:
    """Grant a reward that goes into debts whole: the act is ours, and of nothing.

    Raises NotReady while the reward is held, NotNeeded when something is to be sent after all.
    """
    reward = lock(grant.reward)
    if not goes_in_whole(grant):
        raise NotNeeded
    if reward.is_held:
        raise NotReady(Waiting.HELD)
    said = "All of it settles what was owed."
    if reward.state == RewardState.APPROVED:
        move(reward, RewardState.GRANTING, actor=SYSTEM, reason=said, at=at, only_free=True)
    move(reward, RewardState.GRANTED, actor=SYSTEM, reason=said, at=at)
    grant.amount_minor, grant.state, grant.settled_at = 0, GrantState.DONE, at
    grant.waits_for, grant.object_id, grant.details = None, grant.public_id, {}
    grant.parameters = {"customer": "", "amount": 0, "netted": reward.netted_minor}
    session.flush()


def take_out(reward: Reward, amount_minor: int, *, at: datetime) -> None:
    """Have a part that settled a debt be payable again; `reopen` its debts in the same commit."""
    transfer(
        reward, Movement.NET, source=Account.GRANTED, lines={Account.PAYABLE: amount_minor}, at=at
    )
    update_reward(reward, netted_minor=reward.netted_minor - amount_minor)


def reopen(reward: Reward, amount_minor: int, *, at: datetime) -> list[Reward]:
    """Let debts stand again that a reward had settled and does not any more, the latest first.

    Its money must be back in the budget. The commitment does not ask the limit: it stood before.
    Returns the debts, for `settle_with_approved` once the reward itself is written down.
    """
    left, opened = amount_minor, []
    for debt_id, settled_minor in _settled_by(reward):
        part = min(left, settled_minor)
        if part <= 0:
            continue
        left -= part
        debt = lock(session.get_one(Reward, debt_id))
        lines = {Account.CLAWBACK_DUE: part}
        transfer(debt, Movement.NET, source=Account.BUDGET, lines=lines, at=at)
        return_to_budget(debt.program_id, -part)
        allowances.give_back(debt, -part)
        update_reward(debt, settled_minor=debt.settled_minor - part)
        _write_down(debt, reward, -part, reason="What had settled it ended.", at=at)
        opened.append(debt)
    return opened


def undo_debt(reward: Reward, amount_minor: int, *, at: datetime) -> None:
    """Take a debt back that does not stand: what made it is undone, so nobody forgives anything."""
    lines = {Account.GRANTED: amount_minor}
    transfer(reward, Movement.REVERSE, source=Account.CLAWBACK_DUE, lines=lines, at=at)
    update_reward(reward, owed_minor=reward.owed_minor - amount_minor)


def forgive_debt(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> int:
    """Let the whole debt of a reward go: its person keeps it. Returns how much.

    Raises NothingOwed. What was taken of the budget stays taken, for it was given away.
    """
    lock(reward)
    amount_minor = reward.debt_minor
    if amount_minor <= 0:
        raise NothingOwed
    lines = {Account.GRANTED: amount_minor}
    transfer(reward, Movement.FORGIVE, source=Account.CLAWBACK_DUE, lines=lines, at=at)
    update_reward(reward, forgiven_minor=reward.forgiven_minor + amount_minor)
    _write_down(reward, None, amount_minor, reason=reason, at=at, actor=actor)
    return amount_minor


def settlements_of(reward: Reward) -> Sequence[DebtSettlement]:
    """List what ended parts of a reward's debt, the first first."""
    query = select(DebtSettlement).where(DebtSettlement.debt_id == reward.id)
    return session.scalars(query.order_by(DebtSettlement.id)).all()


def _debts_beside(reward: Reward) -> list[Reward]:
    """Return the locked rewards of the same person and program that something is owed of.

    For what is not money, only those of the same promise.
    """
    query = (
        select(Reward)
        .where(Reward.program_id == reward.program_id, Reward.person_id == reward.person_id)
        .where(Reward.currency == reward.currency, Reward.state.in_(_OWING))
        .where(Reward.owed_minor > Reward.settled_minor + Reward.forgiven_minor)
        .order_by(Reward.id)
    )
    if reward.kind not in MONEY:
        query = query.where(
            Reward.offer_id == reward.offer_id, Reward.purchase_id == reward.purchase_id
        )
    return [lock(one) for one in session.scalars(query).all()]


def _net(reward: Reward, debt: Reward, part: int, *, at: datetime) -> None:
    transfer(reward, Movement.NET, source=Account.PAYABLE, lines={Account.GRANTED: part}, at=at)
    transfer(debt, Movement.NET, source=Account.CLAWBACK_DUE, lines={Account.BUDGET: part}, at=at)
    return_to_budget(debt.program_id, part)
    allowances.give_back(debt, part)
    update_reward(reward, netted_minor=reward.netted_minor + part)
    update_reward(debt, settled_minor=debt.settled_minor + part)
    _write_down(debt, reward, part, reason="Settled by a later reward.", at=at)


def _settled_by(reward: Reward) -> list[tuple[uuid.UUID, int]]:
    """Return how much of each debt a reward settles, the debt it settled last first."""
    query = (
        select(DebtSettlement.debt_id, func.sum(DebtSettlement.amount_minor))
        .where(DebtSettlement.paid_by_id == reward.id)
        .group_by(DebtSettlement.debt_id)
        .order_by(DebtSettlement.debt_id.desc())
    )
    return [(debt_id, int(total)) for debt_id, total in session.execute(query)]


def _write_down(
    debt: Reward,
    paid_by: Reward | None,
    amount_minor: int,
    *,
    reason: str,
    at: datetime,
    actor: Actor = SYSTEM,
) -> None:
    session.add(
        DebtSettlement(
            business_id=debt.business_id,
            debt_id=debt.id,
            paid_by_id=paid_by.id if paid_by else None,
            amount_minor=amount_minor,
            actor_kind=actor.kind,
            actor_name=actor.name,
            reason=reason[:400],
            at=at,
        )
    )
    session.flush()
