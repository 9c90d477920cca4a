"""Spending store credit: all of an amount or nothing, and back again when an order is cancelled."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Actor, Owned
from referral.domain.people import Person
from referral.domain.rewards.credit import (
    CreditEntry,
    CreditLot,
    EntryKind,
    change,
    lock_balance,
    lots_to_spend,
)
from referral.domain.rewards.moving import lock
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.store_credit import end_part, repay
from referral.foundation.db import (
    Currency,
    Key,
    Minor,
    Model,
    Moment,
    Name,
    Short,
    session,
    whole_minor,
)
from referral.foundation.errors import Conflict, Invalid
from referral.foundation.guards import append_only
from referral.foundation.ids import public_id
from referral.foundation.money import LIMIT_MINOR, Money, is_currency


class Redemption(Owned, Model):
    """Store credit that was spent, by the business's own id of what for; append only."""

    __table_args__ = (
        UniqueConstraint("business_id", "external_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "person_id", "id"),
        *whole_minor("amount_minor"),
    )
    prefix: ClassVar[str] = "rdm"

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    external_id: Mapped[Name]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    note: Mapped[str | None] = mapped_column(String(200))
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    at: Mapped[Moment]

    person: Mapped[Person] = relationship()
    reversal: Mapped[RedemptionReversal | None] = relationship(back_populates="redemption")

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_at_counter(self) -> bool:
        """Tell whether somebody on the team took it, and no server by its key."""
        return self.actor_kind == "operator"


class RedemptionReversal(Owned, Model):
    """A redemption undone, once; append only.

    Of `returned_minor`, `repaid_minor` paid debts of the rewards it came from, and
    `expired_minor` had expired meanwhile.
    """

    __table_args__ = (
        UniqueConstraint("redemption_id"),
        *whole_minor("returned_minor", "expired_minor", "repaid_minor"),
    )

    id: Mapped[Key]
    redemption_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("redemption.id"))
    returned_minor: Mapped[Minor]
    expired_minor: Mapped[Minor]
    repaid_minor: Mapped[Minor]
    reason: Mapped[str | None] = mapped_column(String(400))
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    at: Mapped[Moment]

    redemption: Mapped[Redemption] = relationship(back_populates="reversal")


append_only(Redemption)
append_only(RedemptionReversal)


class NotEnoughCredit(Conflict):
    """Less is there than was asked for; nothing was taken. `left` says how much."""

    code = "not_enough_credit"
    message = "There is not that much credit. Nothing was taken."

    def __init__(self, left: Money | None = None) -> None:
        self.left = left
        fields = {"amount_minor": f"At most {left.amount_minor} is left."} if left else {}
        super().__init__(fields=fields)


class RedemptionDiffers(Conflict):
    """The same external_id was redeemed before, with something else."""

    code = "redemption_differs"
    message = "This external_id is known with another person, amount or currency."


def redeem(
    person: Person,
    external_id: str,
    price: Money,
    *,
    actor: Actor,
    at: datetime,
    note: str | None = None,
) -> tuple[Redemption, bool]:
    """Spend somebody's credit, what expires first before the rest; the flag says it is new.

    The same `external_id` again is the same redemption. Raises NotEnoughCredit, and then takes
    nothing; RedemptionDiffers when it was told differently before.
    """
    _check(price)
    lock_balance(person, price.currency)
    known = redemption_known(external_id)
    if known is not None:
        if (known.person_id, known.amount) != (person.id, price):
            raise RedemptionDiffers
        return known, False
    lots = lots_to_spend(person.id, price.currency, at=at)
    left = sum(lot.left_minor for lot in lots)
    if left < price.amount_minor:
        raise NotEnoughCredit(Money(left, price.currency))
    redemption = Redemption(
        business_id=person.business_id,
        person_id=person.id,
        external_id=external_id,
        amount_minor=price.amount_minor,
        currency=price.currency,
        note=note,
        actor_kind=actor.kind,
        actor_name=actor.name,
        at=at,
        person=person,
        reversal=None,
    )
    session.add(redemption)
    session.flush()
    _spend(lots, redemption, at=at)
    return redemption, True


def redemption_known(external_id: str) -> Redemption | None:
    """Return what was redeemed under the business's own id, if anything was."""
    return session.scalar(select(Redemption).where(Redemption.external_id == external_id))


def reverse(
    redemption: Redemption, *, actor: Actor, at: datetime, reason: str | None = None
) -> tuple[RedemptionReversal, bool]:
    """Give back what was spent, once, to the lots it came from; the flag says it is new.

    What comes back first pays what refunds could not take of its reward. What has expired
    meanwhile expires at once.
    """
    parts = _spent_from(redemption)
    rewards = [lock(lot.reward) for lot, _ in parts]
    lock_balance(redemption.person, redemption.currency)
    known = _reversal_of(redemption)
    if known is not None:
        return known, False
    repaid = expired = 0
    for (lot, amount_minor), reward in zip(parts, rewards, strict=True):
        change(lot, EntryKind.REVERSAL, amount_minor, at=at, redemption_id=redemption.id)
        debt = min(amount_minor, reward.debt_minor)
        if debt:
            repay(lot, reward, debt, at=at)
        ended = lot.left_minor if lot.has_ended(at) else 0
        if ended:
            end_part(lot, reward, ended, at=at)
        repaid, expired = repaid + debt, expired + min(ended, amount_minor - debt)
    reversal = RedemptionReversal(
        business_id=redemption.business_id,
        redemption=redemption,
        returned_minor=redemption.amount_minor,
        expired_minor=expired,
        repaid_minor=repaid,
        reason=reason,
        actor_kind=actor.kind,
        actor_name=actor.name,
        at=at,
    )
    session.add(reversal)
    session.flush()
    return reversal, True


def _check(price: Money) -> None:
    if not 1 <= price.amount_minor <= LIMIT_MINOR:
        raise Invalid(fields={"amount_minor": "A whole number of minor units above zero."})
    if not is_currency(price.currency):
        raise Invalid(fields={"currency": "Use a lower-case ISO 4217 code such as eur."})


def _spend(lots: Sequence[CreditLot], redemption: Redemption, *, at: datetime) -> None:
    left = redemption.amount_minor
    for lot in lots:
        part = min(left, lot.left_minor)
        if part:
            left -= part
            change(lot, EntryKind.REDEMPTION, -part, at=at, redemption_id=redemption.id)


def _spent_from(redemption: Redemption) -> list[tuple[CreditLot, int]]:
    """Return the lots a redemption took from, in the order their rewards are locked."""
    query = (
        select(CreditLot, func.sum(-CreditEntry.amount_minor))
        .join(CreditEntry, CreditEntry.credit_lot_id == CreditLot.id)
        .join(Reward, Reward.id == CreditLot.reward_id)
        .where(CreditEntry.redemption_id == redemption.id)
        .where(CreditEntry.kind == EntryKind.REDEMPTION)
        .group_by(CreditLot.id, Reward.program_id, Reward.id)
        .order_by(Reward.program_id, Reward.id)
    )
    return [(lot, int(amount)) for lot, amount in session.execute(query)]


def _reversal_of(redemption: Redemption) -> RedemptionReversal | None:
    query = select(RedemptionReversal).where(RedemptionReversal.redemption_id == redemption.id)
    return session.scalar(query)
