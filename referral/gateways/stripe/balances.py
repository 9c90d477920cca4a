"""What a business has available at Stripe, as it was last read, so that staff see what is missing.

Nothing is decided by what is kept here: it is read anew before money is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped

from referral.domain.businesses import Owned
from referral.foundation.db import Currency, Key, MinorSum, Model, Moment, session
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_or_update


class StripeBalance(Owned, Model):
    """What was available to a business in one currency; below nothing when it owes Stripe."""

    __table_args__ = (UniqueConstraint("business_id", "currency"),)

    id: Mapped[Key]
    currency: Mapped[Currency]
    available_minor: Mapped[MinorSum]
    read_at: Mapped[Moment]


def keep_balances(business_id: uuid.UUID, available: Mapping[str, int], *, at: datetime) -> None:
    """Write down what is available in each currency; what was read later stays."""
    for currency, minor in available.items():
        insert_or_update(
            StripeBalance,
            {
                "id": new_key(),
                "business_id": business_id,
                "currency": currency,
                "available_minor": minor,
                "read_at": at,
            },
            key=("business_id", "currency"),
            change={"available_minor": minor, "read_at": at},
            only_where=StripeBalance.read_at <= at,
        )


def balances_of(business_id: uuid.UUID) -> Sequence[StripeBalance]:
    """List what was available when it was last read, by currency."""
    query = select(StripeBalance).where(StripeBalance.business_id == business_id)
    return session.scalars(query.order_by(StripeBalance.currency)).all()
