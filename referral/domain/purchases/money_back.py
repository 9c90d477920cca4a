"""What went back of a purchase: refunds, and disputes that were lost; in any order the same."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.domain.purchases.facts import DisputeFact, DisputeOutcome, RefundFact
from referral.domain.purchases.purchases import Purchase, purchase_of
from referral.foundation.db import Key, Minor, Model, Moment, Short, one_of, session, whole_minor
from referral.foundation.ids import new_key, public_id
from referral.foundation.inserts import insert_once


class Refund(Owned, Model):
    """One refund by its own id; a failed one counts no more, and stays failed."""

    __table_args__ = (UniqueConstraint("business_id", "external_id"), *whole_minor("amount_minor"))
    prefix: ClassVar[str] = "rfd"

    id: Mapped[Key]
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("purchase.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(200))
    amount_minor: Mapped[Minor]
    has_failed: Mapped[bool] = mapped_column(default=False)
    at: Mapped[Moment]

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


class Dispute(Owned, Model):
    """One dispute by its own id; once won or lost it stays so."""

    __table_args__ = (
        UniqueConstraint("business_id", "external_id"),
        one_of("outcome", DisputeOutcome),
        *whole_minor("amount_minor"),
    )

    id: Mapped[Key]
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("purchase.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(200))
    amount_minor: Mapped[Minor]
    outcome: Mapped[Short]
    at: Mapped[Moment]


def record_refund(business_id: uuid.UUID, fact: RefundFact) -> Purchase:
    """Keep a refund and bring the purchase's cumulative refund up to date.

    The result depends on what was told, not on the order or how often: it is the larger of the
    refunds that did not fail, and the charge's own total less the refunds that failed.
    """
    purchase = purchase_of(business_id, fact.keys)
    if fact.refund_id is not None:
        _keep_refund(purchase, fact)
    if fact.total_minor is not None:
        theirs = fact.total_minor - fact.own_minor
        purchase.charge_refunded_minor = max(purchase.charge_refunded_minor, theirs)
    return _recount(purchase)


def record_dispute(business_id: uuid.UUID, fact: DisputeFact) -> tuple[Purchase, Dispute]:
    """Keep a dispute; an old piece of news never reopens a closed one (I-21)."""
    purchase = purchase_of(business_id, fact.keys)
    is_same = fact.currency in (None, purchase.currency)
    insert_once(
        Dispute,
        {
            "id": new_key(),
            "business_id": business_id,
            "purchase_id": purchase.id,
            "external_id": fact.dispute_id,
            "amount_minor": fact.amount_minor if is_same else purchase.gross_minor,
            "outcome": DisputeOutcome.OPEN,
            "at": fact.at,
        },
    )
    dispute = session.scalars(
        select(Dispute).where(
            Dispute.business_id == business_id, Dispute.external_id == fact.dispute_id
        )
    ).one()
    if dispute.outcome == DisputeOutcome.OPEN:
        dispute.outcome = fact.outcome
    _recount(purchase)
    return purchase, dispute


def open_disputes(purchase: Purchase) -> Sequence[Dispute]:
    """List the disputes of a purchase that are not decided."""
    query = select(Dispute).where(
        Dispute.purchase_id == purchase.id, Dispute.outcome == DisputeOutcome.OPEN
    )
    return session.scalars(query).all()


def _keep_refund(purchase: Purchase, fact: RefundFact) -> None:
    insert_once(
        Refund,
        {
            "id": new_key(),
            "business_id": purchase.business_id,
            "purchase_id": purchase.id,
            "external_id": fact.refund_id,
            "amount_minor": fact.amount_minor,
            "has_failed": fact.has_failed,
            "at": fact.at,
        },
    )
    if fact.has_failed:
        session.execute(
            update(Refund)
            .where(Refund.purchase_id == purchase.id, Refund.external_id == fact.refund_id)
            .values(has_failed=True)
        )


def _recount(purchase: Purchase) -> Purchase:
    counted = dict(
        session.execute(
            select(Refund.has_failed, func.sum(Refund.amount_minor))
            .where(Refund.purchase_id == purchase.id)
            .group_by(Refund.has_failed)
        ).all()
    )
    standing = int(counted.get(False) or 0)
    failed = int(counted.get(True) or 0)
    lost = session.scalar(
        select(func.coalesce(func.sum(Dispute.amount_minor), 0)).where(
            Dispute.purchase_id == purchase.id, Dispute.outcome == DisputeOutcome.LOST
        )
    )
    refunded = max(standing, purchase.charge_refunded_minor - failed) + int(lost or 0)
    purchase.refunded_minor = min(refunded, purchase.gross_minor)
    session.flush()
    return purchase
