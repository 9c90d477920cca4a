"""The provider of one business in memory, with everything a kind of reward needs there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from referral.domain.people import customer_of, payee_of, tie_customer
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards import grants as book
from referral.domain.rewards.gathering import has_gathered
from referral.domain.rewards.grants import Asked, Done, GrantState, NotReady, Waiting, given_by
from referral.domain.rewards.lapsing import is_unused_code, see_to_code
from referral.foundation.db import session, transaction
from referral.worker.acts import NothingLeft
from tests.provider import Provider

PERIOD = timedelta(days=30)


class TooLittleMoney(Exception):
    """The act was refused for want of money; nothing happened."""


@dataclass
class Bank(Provider):
    """Balances, subscriptions, payments, accounts and transfers; amounts in minor units.

    A subscription that nothing is known of ends at `start`. An account that is `empty` was paid
    out to its owner's own bank.
    """

    name: str = field(kw_only=True)
    start: datetime = field(kw_only=True)
    made: int = 0
    balance: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)
    ends: dict[str, datetime] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    back: Counter[str] = field(default_factory=Counter)
    ready: dict[str, bool] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    transfers: dict[str, list[Any]] = field(default_factory=dict)

    def ask(self, grant: Grant, *, at: datetime) -> Asked:
        """Say for whom an act is and what it rests on, which nobody else may change meanwhile."""
        asking = _ASK.get(Operation(grant.operation))
        asked = asking(self, grant, at) if asking else super().ask(grant, at=at)
        if grant.is_alone and GrantState.SENDING in book.acts_beside(grant).values():
            raise NotReady(Waiting.OUTCOME_UNKNOWN)
        return asked

    def _make(self, grant: Grant, asked: dict[str, Any]) -> Done:
        making = _MAKE.get(Operation(grant.operation))
        if making is None:
            return super()._make(grant, asked)
        name = f"obj_{grant.public_id}"
        done = Done(name, asked["amount"], grant.currency, asked["customer"], {})
        making(self, asked, done)
        return done

    def look_at_codes(self, *, at: datetime) -> None:
        """Say of every code that ends, when it is time, whether it was used."""
        for key in session.scalars(select(Reward.id).where(Reward.due_at <= at)).all():
            with transaction():
                reward = session.get_one(Reward, key, populate_existing=True)
                given = given_by(reward)
                if is_unused_code(reward) and given is not None:
                    was_used = given.object_id in self.used
                    reward.due_at = see_to_code(reward, was_used=was_used, at=at)

    def sent_to(self) -> dict[str, int]:
        """Add up what each account has of what was sent to it."""
        total: Counter[str] = Counter()
        for account, left in self.transfers.values():
            total[account] += left
        return dict(total)

    def _end(self, customer: str) -> datetime:
        return self.ends.get(customer, self.start)

    def _ask_code(self, grant: Grant, at: datetime) -> Asked:
        """A code needs a customer, who is made for it where there is none."""
        person = grant.reward.person
        if customer_of(person) is None:
            with transaction():
                tie_customer(person, f"cus_{self.name}_made-{self.made}", at=at, is_ours=True)
            self.made += 1
        days = grant.reward.offer.discount_days
        ends = None if days is None else int((at + timedelta(days=days)).timestamp())
        return Asked(super().ask(grant, at=at).recipient, parameters={"expires_at": ends})

    def _ask_code_back(self, grant: Grant, at: datetime) -> Asked:
        given = given_by(grant.reward)
        assert given
        if given.object_id in self.used or grant.amount_minor < given.amount_minor:
            raise NothingLeft
        return Asked(str(book.recipient_of(grant)), grant.amount_minor, {"code": given.object_id})

    def _ask_gift(self, grant: Grant, at: datetime) -> Asked:
        """The business's own server needs no customer."""
        return Asked("")

    def _ask_extension(self, grant: Grant, at: datetime) -> Asked:
        customer = super().ask(grant, at=at).recipient
        begins = max(at, self._end(customer))
        until = begins + PERIOD
        terms = {"from": begins.isoformat(), "until": until.isoformat(), "subscription": customer}
        return Asked(customer, parameters=terms)

    def _ask_shortening(self, grant: Grant, at: datetime) -> Asked:
        given = given_by(grant.reward)
        assert given
        assert given.parameters
        customer = given.parameters["customer"]
        begins = datetime.fromisoformat(given.parameters["from"])
        until = self._end(customer) - PERIOD
        if grant.amount_minor < given.amount_minor or min(until, begins) <= at:
            raise NothingLeft
        terms = {"until": until.isoformat(), "subscription": customer}
        return Asked(customer, grant.amount_minor, terms)

    def _ask_refund(self, grant: Grant, at: datetime) -> Asked:
        customer = super().ask(grant, at=at).recipient
        if self.paid[customer] < grant.reward.payable_minor:
            raise NotReady(Waiting.NO_PAYMENT)
        return Asked(customer, parameters={"payment": f"pi_{customer}"})

    def _ask_transfer(self, grant: Grant, at: datetime) -> Asked:
        payee = payee_of(grant.reward.person_id)
        if payee is None:
            raise NotReady(Waiting.NO_PAYEE)
        with transaction():
            is_worth_it = has_gathered(grant, at=at)
        if not is_worth_it:
            raise NotReady(Waiting.BELOW_MINIMUM)
        if not self.ready[payee.account_id]:
            raise NotReady(Waiting.PAYEE_NOT_READY)
        if self.balance < grant.reward.payable_minor:
            raise NotReady(Waiting.BALANCE)
        return Asked(payee.account_id)

    def _ask_reversal(self, grant: Grant, at: datetime) -> Asked:
        given = given_by(grant.reward)
        if given is None or not given.amount_minor:
            raise NothingLeft
        account, left = self.transfers[str(given.object_id)]
        if not left:
            raise NothingLeft
        return Asked(account, left, {"transfer": given.object_id})

    def _make_code(self, asked: dict[str, Any], done: Done) -> None:
        self.codes[asked["customer"]] += 1
        done.details["expires_at"] = asked["expires_at"]

    def _take_code(self, asked: dict[str, Any], done: Done) -> None:
        self.codes[asked["customer"]] -= 1

    def _move_end(self, asked: dict[str, Any], done: Done) -> None:
        self.ends[asked["customer"]] = datetime.fromisoformat(asked["until"])

    def _give_payment_back(self, asked: dict[str, Any], done: Done) -> None:
        self.paid[asked["customer"]] -= asked["amount"]
        self.back[asked["customer"]] += asked["amount"]

    def _transfer(self, asked: dict[str, Any], done: Done) -> None:
        if self.balance < asked["amount"]:
            raise TooLittleMoney
        self.balance -= asked["amount"]
        self.transfers[done.object_id] = [asked["customer"], asked["amount"]]

    def _reverse(self, asked: dict[str, Any], done: Done) -> None:
        transfer = self.transfers[asked["transfer"]]
        if transfer[0] in self.empty:
            raise TooLittleMoney
        assert asked["amount"] <= transfer[1]
        self.balance += asked["amount"]
        transfer[1] -= asked["amount"]


_ASK: dict[Operation, Callable[[Bank, Grant, datetime], Asked]] = {
    Operation.PROMOTION_CODE: Bank._ask_code,
    Operation.WITHDRAWAL: Bank._ask_code_back,
    Operation.EXTENSION: Bank._ask_extension,
    Operation.GIFT_REQUEST: Bank._ask_gift,
    Operation.SHORTENING: Bank._ask_shortening,
    Operation.REFUND: Bank._ask_refund,
    Operation.TRANSFER: Bank._ask_transfer,
    Operation.REVERSAL: Bank._ask_reversal,
}
_MAKE: dict[Operation, Callable[[Bank, dict[str, Any], Done], None]] = {
    Operation.PROMOTION_CODE: Bank._make_code,
    Operation.WITHDRAWAL: Bank._take_code,
    Operation.EXTENSION: Bank._move_end,
    Operation.SHORTENING: Bank._move_end,
    Operation.REFUND: Bank._give_payment_back,
    Operation.TRANSFER: Bank._transfer,
    Operation.REVERSAL: Bank._reverse,
}
