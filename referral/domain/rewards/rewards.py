"""Rewards: what somebody was promised for an event, and what has become of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    case,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from referral.domain.attribution import Referral
from referral.domain.businesses import Owned
from referral.domain.people import Person
from referral.domain.programs import Offer, Program, Side
from referral.domain.purchases import Purchase
from referral.domain.rewards.operations import Way, way_of
from referral.domain.rewards.states import MOVES, RewardState
from referral.foundation.db import (
    Currency,
    Json,
    Key,
    Long,
    Minor,
    Model,
    Moment,
    Short,
    UTCDateTime,
    one_of,
    whole_minor,
)
from referral.foundation.due import Due
from referral.foundation.guards import forward_only
from referral.foundation.ids import public_id
from referral.foundation.money import Money

SUPERSEDED = "superseded:"
"""Begins the slot of a reward that gave way to an earlier purchase's."""

REPLACED = "replaced:"
"""Begins the slot of a failed reward that was issued again."""

RESTORED = "restored:"
"""Begins the slot of a reward that gives back what a refund had taken before it failed."""


class Reward(Owned, Due, Model):
    """An offer applied to an event for one person.

    `due_at` is when the hold ends and the reward is looked at again. Of the amount,
    `clawback_minor` is what refunds took back in all: `withheld_minor` before the grant,
    `debited_minor` at the provider, `owed_minor` could not be taken and became a debt. Of that debt
    `settled_minor` was paid by later rewards, `forgiven_minor` let go. `netted_minor` of the amount
    pays such debts of its person and is not sent.
    `approvals_needed` is how many people its program asked for on the day it was earned.
    `counted_on` and `household` say under which day, month and household it counts.
    `words` are a thank-you that somebody, `words_by`, wrote for just this one.
    A discount's code ends at `use_by`, if it does; `lapsed_at` is when nobody had used it by then,
    `used_at` when it was found that somebody had.
    `fell_back_at` is when it became what its offer names instead of credit on a bill.
    `expired_minor` is what ended unused: what refunds take of it is back already.
    """

    __table_args__ = (
        UniqueConstraint("offer_id", "person_id", "slot"),
        one_of("state", RewardState),
        one_of("side", Side),
        CheckConstraint("amount_minor >= 0 AND open_holds >= 0", name="not_negative"),
        CheckConstraint(
            "clawback_minor BETWEEN 0 AND amount_minor"
            " AND withheld_minor >= 0 AND debited_minor >= 0 AND owed_minor >= 0"
            " AND withheld_minor + debited_minor + owed_minor <= clawback_minor"
            " AND settled_minor >= 0 AND forgiven_minor >= 0 AND netted_minor >= 0"
            " AND settled_minor + forgiven_minor <= owed_minor"
            " AND withheld_minor + netted_minor <= amount_minor"
            " AND expired_minor >= 0"
            " AND withheld_minor + debited_minor + owed_minor + expired_minor <= amount_minor",
            name="clawback_within_amount",
        ),
        Index(None, "person_id", "id"),
        Index(None, "referral_id"),
        Index(None, "purchase_id"),
        Index(None, "business_id", "state", "id"),
        *whole_minor("amount_minor", "clawback_minor"),
    )
    prefix: ClassVar[str] = "rwd"

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referral.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("offer.id"))
    purchase_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("purchase.id"))
    side: Mapped[Short]
    kind: Mapped[Short]
    slot: Mapped[str] = mapped_column(String(60))
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    inputs: Mapped[Json]
    state: Mapped[Short] = mapped_column(default=RewardState.PENDING)
    reason: Mapped[str | None] = mapped_column(String(400), default=None)
    earned_at: Mapped[Moment]
    expected_at: Mapped[Moment]
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    awaits_staff: Mapped[bool] = mapped_column(default=False)
    open_holds: Mapped[int] = mapped_column(default=0)
    clawback_minor: Mapped[Minor] = mapped_column(default=0)
    withheld_minor: Mapped[Minor] = mapped_column(default=0)
    debited_minor: Mapped[Minor] = mapped_column(default=0)
    owed_minor: Mapped[Minor] = mapped_column(default=0)
    approvals_needed: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=5)
    approvals_given: Mapped[int] = mapped_column(default=0, server_default="0", sort_order=5)
    counted_on: Mapped[str] = mapped_column(String(10), default="", server_default="", sort_order=6)
    household: Mapped[str] = mapped_column(String(64), default="", server_default="", sort_order=6)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=6)
    expiry_told_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=6)
    netted_minor: Mapped[Minor] = mapped_column(default=0, server_default="0", sort_order=13)
    settled_minor: Mapped[Minor] = mapped_column(default=0, server_default="0", sort_order=13)
    forgiven_minor: Mapped[Minor] = mapped_column(default=0, server_default="0", sort_order=13)
    expired_minor: Mapped[Minor] = mapped_column(default=0, server_default="0", sort_order=16)
    fell_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=19)
    words: Mapped[Long | None] = mapped_column(default=None, sort_order=19)
    words_by: Mapped[str | None] = mapped_column(String(200), default=None, sort_order=19)
    use_by: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=19)
    use_told_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=19)
    lapsed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=19)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=22)

    person: Mapped[Person] = relationship()
    program: Mapped[Program] = relationship()
    referral: Mapped[Referral] = relationship()
    offer: Mapped[Offer] = relationship()
    purchase: Mapped[Purchase | None] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def way(self) -> Way:
        """Return how it is given and taken back."""
        return way_of(self.kind, self.offer.fulfilment)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @hybrid_property
    def payable_minor(self) -> int:
        """Return what is to be granted: less what refunds took and what pays debts."""
        return self.amount_minor - self.withheld_minor - self.netted_minor

    @hybrid_property
    def given_minor(self) -> int:
        """Return what its person was given of it and keeps, as `granted` in the ledger has it.

        That is what pays their debts before the rest is granted, what is left afterwards, and what
        was let go once it is taken back. What is to be taken back counts until it is gone.
        """
        return {
            RewardState.GRANTED: self._left_minor,
            RewardState.REVERSED: self.forgiven_minor,
        }.get(RewardState(self.state), self.netted_minor)

    @given_minor.inplace.expression
    @classmethod
    def _given_minor(cls) -> ColumnElement[int]:
        return case(
            (cls.state == RewardState.GRANTED, cls._left_minor),
            (cls.state == RewardState.REVERSED, cls.forgiven_minor),
            else_=cls.netted_minor,
        )

    @hybrid_property
    def _left_minor(self) -> int:
        taken = self.withheld_minor + self.debited_minor + self.owed_minor - self.forgiven_minor
        return self.amount_minor - taken - self.expired_minor

    @property
    def is_settling(self) -> bool:
        """Tell whether all of it goes into what its person owes, so that nothing is sent."""
        return self.netted_minor > 0 and not self.payable_minor

    @property
    def debt_minor(self) -> int:
        """Return what its person still owes of it."""
        return self.owed_minor - self.settled_minor - self.forgiven_minor

    @property
    def back_minor(self) -> int:
        """Return what went back of it: not under way, nor owed still, nor let go."""
        still_there = self.outstanding_minor + self.debt_minor + self.forgiven_minor
        return self.clawback_minor - still_there

    @property
    def outstanding_minor(self) -> int:
        """Return what is still to be taken back: less than `clawback_minor` by what was done.

        What expired unused counts first, so it is never asked for again.
        """
        return max(0, self._unsettled_minor - self.expired_minor)

    @property
    def expired_back_minor(self) -> int:
        """Return how much of what refunds took is back because it had expired unused."""
        return min(self.expired_minor, self._unsettled_minor)

    @property
    def _unsettled_minor(self) -> int:
        return self.clawback_minor - self.withheld_minor - self.debited_minor - self.owed_minor

    @property
    def is_live(self) -> bool:
        """Tell whether the reward can still be granted or taken back."""
        return RewardState(self.state) in MOVES

    @property
    def is_let_go(self) -> bool:
        """Tell whether it went back, but for a debt of it that staff let go: that part is kept."""
        return self.state == RewardState.REVERSED and self.forgiven_minor > 0

    @property
    def is_restored(self) -> bool:
        """Tell whether it gives back what a refund had taken of another before it failed."""
        return self.slot.startswith(RESTORED)

    @property
    def is_held(self) -> bool:
        return self.open_holds > 0


forward_only(Reward, "state", MOVES)


def has_its_place() -> ColumnElement[bool]:
    """Select rewards whose place no other one has taken."""
    return and_(Reward.slot.not_like(f"{SUPERSEDED}%"), Reward.slot.not_like(f"{REPLACED}%"))


def rewards_of(person_id: uuid.UUID) -> Select[Reward]:
    """Select a person's rewards, the newest first, with what a page shows of them."""
    return (
        select(Reward)
        .where(Reward.person_id == person_id)
        .options(
            joinedload(Reward.referral).joinedload(Referral.friend),
            joinedload(Reward.program),
            joinedload(Reward.offer),
        )
        .order_by(Reward.id.desc())
    )
