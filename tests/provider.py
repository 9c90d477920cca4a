"""A payment provider in memory: what it was asked, what it holds, and how it may fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select

from referral.domain.journey import judge_again
from referral.domain.people import customer_of, tie_customer
from referral.domain.rewards import CreditLot, Grant, Operation, Reward, attempts, ripen
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.debts import goes_in_whole, grant_whole
from referral.domain.rewards.expiring import see_to_expiry
from referral.domain.rewards.falling_back import fall_back, fallback_of
from referral.domain.rewards.grants import (
    Asked,
    Done,
    GrantState,
    NotNeeded,
    NotReady,
    Waiting,
    recipient_of,
)
from referral.domain.rewards.lapsing import is_unused_code
from referral.domain.rewards.milestones import count_friend
from referral.domain.rewards.qualifying import Qualification
from referral.domain.rewards.settling import do_ourselves, fail, owe_all, settle
from referral.domain.rewards.store_credit import look_at_lot
from referral.foundation.db import session, transaction
from referral.worker.acts import NothingLeft

_objects = count(1)


@dataclass
class Provider:
    """Credit by customer and one object for each idempotency key, whatever is sent again."""

    credit: dict[str, int] = field(default_factory=dict)
    objects: dict[str, Done] = field(default_factory=dict)

    def send(self, grant: Grant) -> Done:
        """Do the act, once for its key, and answer as often as asked."""
        if grant.idempotency_key not in self.objects:
            self.objects[grant.idempotency_key] = self._make(grant, grant.parameters or {})
        return self.objects[grant.idempotency_key]

    def ask(self, grant: Grant, *, at: datetime) -> Asked:
        """Say for whom an act is, and what is left to take back."""
        person = grant.reward.person
        customer = recipient_of(grant) if grant.takes else customer_of(person)
        if customer is None and grant.operation == Operation.PROMOTION_CODE:
            customer = f"cus_made_{next(_objects)}"
            with transaction():
                tie_customer(person, customer, at=at, is_ours=True)
        if customer is None:
            raise NotReady(Waiting.NO_CUSTOMER)
        left = self.credit.get(customer, 0) if grant.takes else None
        if left is not None and left <= 0:
            raise NothingLeft
        return Asked(customer, left)

    def _make(self, grant: Grant, asked: dict[str, Any]) -> Done:
        is_code = grant.operation == Operation.PROMOTION_CODE
        customer, amount = asked["customer"], 0 if is_code else asked["amount"]
        sign = -1 if grant.operation == Operation.DEBIT else 1
        self.credit[customer] = self.credit.get(customer, 0) + sign * amount
        currency = "" if is_code else grant.currency
        return Done(f"obj_{next(_objects)}", amount, currency, customer, {})


def prepare(grant: Grant, provider: Provider, *, at: datetime) -> bool:
    """Freeze what will be asked, as the worker does; False when there is nothing to send now."""
    session.refresh(grant)
    if goes_in_whole(grant):
        return close_whole(grant, at=at)
    if grant.is_ours:
        return do_here(grant, at=at)
    try:
        asked = provider.ask(grant, at=at) if grant.state == GrantState.WAITING else Asked("")
        with transaction():
            session.refresh(grant)
            attempts.prepare(grant, asked, at=at)
    except NotReady as waiting:
        if waiting.waits_for is Waiting.NO_CUSTOMER and fallback_of(grant.reward) is not None:
            with transaction():
                grant.due_at = fall_back(grant, at=at)
        else:
            with transaction():
                grant.waits_for = waiting.waits_for
        return False
    except NothingLeft:
        _close(grant, owe_all, at=at)
        return False
    except NotNeeded:
        _close(grant, attempts.drop, at=at)
        return False
    return True


def close_whole(grant: Grant, *, at: datetime) -> bool:
    """Grant what goes into debts whole, unless it is held; there is never anything to send."""
    if not grant.reward.is_held:
        _close(grant, grant_whole, at=at)
    return False


def do_here(grant: Grant, *, at: datetime) -> bool:
    """Do what nobody outside is asked for, or let it wait; there is never anything to send."""
    try:
        with transaction():
            session.refresh(grant)
            do_ourselves(grant, at=at)
            grant.due_at = None
    except NotReady as waiting:
        with transaction():
            grant.waits_for = waiting.waits_for
    except NotNeeded:
        _close(grant, attempts.drop, at=at)
    return False


def answer(grant: Grant, done: Done, *, at: datetime) -> bool:
    """Let the provider's answer arrive; False when it is not what was asked for."""
    with transaction():
        session.refresh(grant)
        is_right = settle(grant, done, at=at)
        grant.due_at = None if is_right else grant.due_at
    return is_right


def refuse(grant: Grant, *, at: datetime) -> None:
    """Let the provider refuse for good."""
    _close(grant, lambda one, at: fail(one, "No such customer.", at=at), at=at)


def find_nothing(grant: Grant, *, at: datetime) -> None:
    """Let a look-up prove that the attempt left nothing, so that another is opened."""
    _close(grant, lambda one, at: attempts.replace(one, "Nothing was found there.", at=at), at=at)


def ripen_due(*, at: datetime) -> None:
    """Look at every reward of the business at work whose hold has passed."""
    due = select(Reward.id).where(Reward.due_at <= at).order_by(Reward.id)
    for key in session.scalars(due).all():
        with transaction():
            reward = session.get_one(Reward, key)
            if not is_unused_code(reward):
                ripen(reward, at=at)
                reward.due_at = see_to_expiry(reward, at=at)


def count_due(*, at: datetime) -> None:
    """Count every friend of the business at work whose time has come."""
    query = select(Qualification.id).where(Qualification.due_at <= at)
    for key in session.scalars(query.order_by(Qualification.due_at, Qualification.id)).all():
        with transaction():
            friend = session.get_one(Qualification, key)
            _, friend.due_at = count_friend(friend, at=at)


def judge_due(*, at: datetime) -> None:
    """Judge every purchase again that waited for a rate of the business at work."""
    query = select(AwaitedRate.id).where(AwaitedRate.met_at.is_(None), AwaitedRate.due_at <= at)
    for key in session.scalars(query.order_by(AwaitedRate.id)).all():
        with transaction():
            judge_again(session.get_one(AwaitedRate, key), at=at)


def expire_due(*, at: datetime) -> None:
    """Look at every lot of store credit of the business at work that ends, or soon will."""
    due = select(CreditLot.id).where(CreditLot.due_at <= at).order_by(CreditLot.id)
    for key in session.scalars(due).all():
        with transaction():
            lot = session.get_one(CreditLot, key)
            lot.due_at = look_at_lot(lot, at=at)


def send_due(provider: Provider, *, at: datetime) -> None:
    """Do every act that is due, until nothing is left to do."""
    open_states = (GrantState.WAITING, GrantState.SENDING)
    due = select(Grant).where(Grant.due_at <= at, Grant.state.in_(open_states)).order_by(Grant.id)
    for _ in range(5):
        for grant in session.scalars(due).all():
            if prepare(grant, provider, at=at):
                answer(grant, provider.send(grant), at=at)


def _close(grant: Grant, act: Callable[..., object], *, at: datetime) -> None:
    with transaction():
        session.refresh(grant)
        act(grant, at=at)
        grant.due_at = None
