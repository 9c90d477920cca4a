"""A payment provider in memory: what it was asked, what it holds, and how it may fail."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select

from referral.domain.people import customer_of, tie_customer
from referral.domain.rewards import Grant, Operation, Reward, ripen
from referral.domain.rewards import grants as book
from referral.domain.rewards.debts import goes_in_whole, grant_whole
from referral.domain.rewards.grants import Done, GrantState, NotNeeded, NotReady
from referral.domain.rewards.settling import do_ourselves, fail, owe_all, settle
from referral.foundation.db import session, transaction

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

    def _make(self, grant: Grant, asked: dict[str, Any]) -> Done:
        is_code = grant.operation == Operation.PROMOTION_CODE
        customer, amount = asked["customer"], 0 if is_code else asked["amount"]
        sign = -1 if grant.operation == Operation.DEBIT else 1
        self.credit[customer] = self.credit.get(customer, 0) + sign * amount
        currency = "" if is_code else grant.currency
        return Done(f"obj_{next(_objects)}", amount, currency, customer, {})


def prepare(grant: Grant, provider: Provider, *, at: datetime) -> bool:
    """Freeze what will be asked, as the worker does; False when there is nothing to send now."""
    if grant.is_ours and not goes_in_whole(grant):
        return do_here(grant, at=at)
    with transaction():
        session.refresh(grant)
        person = grant.reward.person
        customer = book.recipient_of(grant) if grant.takes else customer_of(person)
        if goes_in_whole(grant):
            if not grant.reward.is_held:
                grant_whole(grant, at=at)
                grant.due_at = None
            return False
        if customer is None and grant.operation == Operation.PROMOTION_CODE:
            customer = f"cus_made_{next(_objects)}"
            tie_customer(grant.reward.person, customer, at=at, is_ours=True)
        if customer is None:
            return False
        left = None
        if grant.takes and grant.state == GrantState.WAITING:
            left = provider.credit.get(customer, 0)
            if left <= 0:
                owe_all(grant, at=at)
                grant.due_at = None
                return False
        try:
            book.prepare(grant, book.Asked(customer, left), at=at)
        except NotReady:
            return False
        except NotNeeded:
            book.drop(grant, at=at)
            grant.due_at = None
            return False
    return True


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
        with transaction():
            book.drop(grant, at=at)
            grant.due_at = None
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
    with transaction():
        session.refresh(grant)
        fail(grant, "No such customer.", at=at)
        grant.due_at = None


def find_nothing(grant: Grant, *, at: datetime) -> None:
    """Let a look-up prove that the attempt left nothing, so that another is opened."""
    with transaction():
        session.refresh(grant)
        book.replace(grant, "Nothing was found there.", at=at)
        grant.due_at = None


def ripen_due(*, at: datetime) -> None:
    """Look at every reward of the business at work whose hold has passed."""
    due = select(Reward.id).where(Reward.due_at <= at).order_by(Reward.id)
    for key in session.scalars(due).all():
        with transaction():
            reward = session.get_one(Reward, key)
            ripen(reward, at=at)
            reward.due_at = None


def send_due(provider: Provider, *, at: datetime) -> None:
    """Do every act that is due, until nothing is left to do."""
    open_states = (GrantState.WAITING, GrantState.SENDING)
    due = select(Grant).where(Grant.due_at <= at, Grant.state.in_(open_states)).order_by(Grant.id)
    for _ in range(5):
        for grant in session.scalars(due).all():
            if prepare(grant, provider, at=at):
                answer(grant, provider.send(grant), at=at)
