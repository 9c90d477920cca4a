"""Giving a code of a stock for a reward, showing it to its person, and taking it back unseen."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select, update

from referral.domain.businesses import Role
from referral.domain.businesses.team import at_least
from referral.domain.notices import notify, notify_team
from referral.domain.rewards.gift_stock import GiftCode, GiftStock, code_of, is_free
from referral.domain.rewards.grants import Done, Grant, NotReady, Waiting
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import changed, session
from referral.foundation.errors import NotFound

TOLD = at_least(Role.MANAGER)
"""Who is told that a stock runs low: those who may fill it up."""


def give_code(grant: Grant, *, at: datetime) -> Done:
    """Give the code that expires first, of a stock of the reward's worth; waits without one.

    The stocks are locked, so that two never reach for one code, and the last codes are counted.
    """
    on = at.date()
    stocks = _lock_stocks(grant)
    code = session.scalars(
        select(GiftCode)
        .where(GiftCode.stock_id.in_(stocks), is_free(on))
        .order_by(GiftCode.expires_on.is_(None), GiftCode.expires_on, GiftCode.id)
        .limit(1)
    ).first()
    if code is None or not _take(code, grant.reward, at=at):
        raise NotReady(Waiting.OUT_OF_STOCK)
    stock = stocks[code.stock_id]
    _warn_when_low(stock, on=on, at=at)
    _tell(grant, stock, at=at)
    return Done(
        object_id=grant.public_id,
        amount_minor=stock.value_minor,
        currency=stock.currency,
        recipient="",
        details={"gift_code": str(code.id), "stock": stock.name, "last_four": code.last_four},
    )


def take_code_back(grant: Grant, *, at: datetime) -> Done | None:
    """Put an unseen code back into its stock; None for one that was seen, or for a part of it."""
    reward = grant.reward
    code = code_of(reward.id)
    if code is None or grant.amount_minor != reward.amount_minor:
        return None
    back = session.execute(
        update(GiftCode)
        .where(GiftCode.id == code.id, GiftCode.reward_id == reward.id)
        .where(GiftCode.shown_at.is_(None))
        .values(reward_id=None, given_at=None)
        .execution_options(synchronize_session=False)
    )
    if changed(back) != 1:
        return None
    return Done(
        object_id=grant.public_id,
        amount_minor=grant.amount_minor,
        currency=grant.currency,
        recipient="",
        details={"gift_code": str(code.id), "last_four": code.last_four},
    )


def show_code(reward: Reward, *, at: datetime) -> GiftCode:
    """Write down that a person looked at their code; from then on it is never given again.

    Raises NotFound when none was given, or when it was taken back meanwhile.
    """
    session.execute(
        update(GiftCode)
        .where(GiftCode.reward_id == reward.id, GiftCode.shown_at.is_(None))
        .values(shown_at=at)
        .execution_options(synchronize_session=False)
    )
    code = code_of(reward.id)
    if code is None:
        raise NotFound("There is no code for this reward.")
    session.refresh(code)
    return code


def _lock_stocks(grant: Grant) -> dict[object, GiftStock]:
    query = (
        select(GiftStock)
        .where(
            GiftStock.value_minor == grant.amount_minor,
            GiftStock.currency == grant.currency,
        )
        .order_by(GiftStock.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {stock.id: stock for stock in session.scalars(query)}


def _take(code: GiftCode, reward: Reward, *, at: datetime) -> bool:
    taken = session.execute(
        update(GiftCode)
        .where(GiftCode.id == code.id, GiftCode.reward_id.is_(None))
        .values(reward_id=reward.id, given_at=at)
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def _warn_when_low(stock: GiftStock, *, on: date, at: datetime) -> None:
    """Tell staff once that few codes are left, until the stock is filled up again."""
    if not stock.low_at or stock.warned_at is not None:
        return
    left = session.scalar(select(func.count()).where(GiftCode.stock_id == stock.id, is_free(on)))
    if (left or 0) > stock.low_at:
        return
    stock.warned_at = at
    session.flush()
    notify_team(
        stock.business_id,
        "gift_stock_low",
        roles=TOLD,
        once_key=f"gift_stock_low:{stock.id}:{at.isoformat()}",
        at=at,
        said={"stock": stock.name, "left": left or 0},
    )


def _tell(grant: Grant, stock: GiftStock, *, at: datetime) -> None:
    """Tell the person by mail that a gift is there, without its code."""
    person = grant.reward.person
    if person.email:
        notify(
            grant.business_id,
            "gift_given",
            to=person.email,
            once_key=f"gift_given:{grant.public_id}",
            at=at,
            said={"stock": stock.name, "reward": grant.reward.public_id},
        )
