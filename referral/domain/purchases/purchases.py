"""Purchases with their refunds and disputes, the same in whatever order the news arrives."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.people import Person
from referral.domain.purchases.facts import PurchaseFact
from referral.foundation.db import Currency, Key, Minor, Model, Moment, session, whole_minor
from referral.foundation.errors import NotYet
from referral.foundation.ids import new_key, public_id
from referral.foundation.inserts import insert_once


class Purchase(Owned, Model):
    """What a person paid once. `refunded_minor` is cumulative, lost disputes included."""

    __table_args__ = (
        CheckConstraint("gross_minor >= 0 AND tax_minor >= 0", name="not_negative"),
        Index(None, "person_id", "occurred_at"),
        *whole_minor("gross_minor", "tax_minor", "base_minor", "refunded_minor"),
    )
    prefix: ClassVar[str] = "pur"

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    external_id: Mapped[str] = mapped_column(String(200))
    gross_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    base_minor: Mapped[Minor]
    currency: Mapped[Currency]
    occurred_at: Mapped[Moment]
    recorded_at: Mapped[Moment]
    charge_refunded_minor: Mapped[Minor] = mapped_column(default=0)
    refunded_minor: Mapped[Minor] = mapped_column(default=0)
    is_renewal: Mapped[bool] = mapped_column(default=False, server_default=false(), sort_order=4)

    person: Mapped[Person] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


class PurchaseKey(Owned, Model):
    """One of the provider's ids of a purchase; each leads to one purchase only (F-15)."""

    __table_args__ = (UniqueConstraint("business_id", "key"),)

    id: Mapped[Key]
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("purchase.id"), index=True)
    key: Mapped[str] = mapped_column(String(200))


class UnknownPurchase(NotYet):
    """News about money we have not heard of yet; it is tried again later (F-16)."""

    code = "unknown_purchase"
    message = "The purchase this belongs to has not arrived yet."


def record_purchase(person: Person, fact: PurchaseFact, *, at: datetime) -> tuple[Purchase, bool]:
    """Keep a purchase once by any of its keys; the flag says whether there is something to judge.

    That it is a renewal may be told later than the purchase itself.
    """
    known = find_purchase(person.business_id, fact.keys)
    if known is None:
        try:
            with session.begin_nested():
                return _make(person, fact, at=at), True
        except IntegrityError:
            known = find_purchase(person.business_id, fact.keys)
            if known is None:
                raise
    _add_keys(known, fact.keys)
    is_more = fact.is_renewal and not known.is_renewal
    if is_more:
        known.is_renewal = True
        session.flush()
    return known, is_more


def find_purchase(business_id: uuid.UUID, keys: Iterable[str]) -> Purchase | None:
    """Return the purchase any of these keys leads to, locked until the commit."""
    query = (
        select(Purchase)
        .join(PurchaseKey, PurchaseKey.purchase_id == Purchase.id)
        .where(PurchaseKey.business_id == business_id, PurchaseKey.key.in_([*keys]))
        .options(joinedload(Purchase.person, innerjoin=True))
        .order_by(Purchase.id)
        .limit(1)
        .with_for_update(of=Purchase, key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def is_known(business_id: uuid.UUID, keys: Iterable[str]) -> bool:
    """Tell whether any of these keys leads to a purchase, without locking it.

    Whoever goes on to record it locks the person first, and then the purchase.
    """
    query = select(PurchaseKey.id).where(
        PurchaseKey.business_id == business_id, PurchaseKey.key.in_([*keys])
    )
    return session.scalar(query.limit(1)) is not None


def payer_of(business_id: uuid.UUID, keys: Iterable[str]) -> Person | None:
    """Return who made the purchase any of these keys leads to, without locking anything."""
    query = (
        select(Person)
        .join(Purchase, Purchase.person_id == Person.id)
        .join(PurchaseKey, PurchaseKey.purchase_id == Purchase.id)
        .where(PurchaseKey.business_id == business_id, PurchaseKey.key.in_([*keys]))
        .order_by(Purchase.id)
    )
    return session.scalar(query.limit(1))


def join_keys(business_id: uuid.UUID, keys: Sequence[str]) -> bool:
    """Have all these ids lead to the purchase one of them leads to; False when none does yet."""
    purchase = find_purchase(business_id, keys)
    if purchase is not None:
        _add_keys(purchase, keys)
    return purchase is not None


def purchases_of(person: Person, *, since: datetime) -> Sequence[Purchase]:
    """List what a person paid at or after a moment, the earliest first, locked until the commit.

    So no refund comes between reading a purchase and rewarding it.
    """
    query = (
        select(Purchase)
        .where(Purchase.person_id == person.id, Purchase.occurred_at >= since)
        .order_by(Purchase.occurred_at, Purchase.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def reassign(from_person: Person, to_person: Person) -> None:
    """Give one person's purchases to another: they turned out to be the same."""
    session.execute(
        update(Purchase).where(Purchase.person_id == from_person.id).values(person_id=to_person.id)
    )


def _make(person: Person, fact: PurchaseFact, *, at: datetime) -> Purchase:
    purchase = Purchase(
        business_id=person.business_id,
        person_id=person.id,
        external_id=fact.keys[0],
        gross_minor=fact.gross_minor,
        tax_minor=fact.tax_minor,
        base_minor=fact.base_minor,
        currency=fact.currency,
        occurred_at=fact.occurred_at,
        recorded_at=at,
        is_renewal=fact.is_renewal,
        person=person,
    )
    session.add(purchase)
    session.flush()
    session.add_all(
        PurchaseKey(business_id=person.business_id, purchase_id=purchase.id, key=key)
        for key in dict.fromkeys(fact.keys)
    )
    session.flush()
    return purchase


def _add_keys(purchase: Purchase, keys: Iterable[str]) -> None:
    for key in keys:
        insert_once(
            PurchaseKey,
            {
                "id": new_key(),
                "business_id": purchase.business_id,
                "purchase_id": purchase.id,
                "key": key,
            },
        )


def purchase_of(business_id: uuid.UUID, keys: Sequence[str]) -> Purchase:
    """Return the purchase news is about, with all its ids; raises UnknownPurchase."""
    purchase = find_purchase(business_id, keys)
    if purchase is None:
        raise UnknownPurchase
    _add_keys(purchase, keys)
    return purchase
