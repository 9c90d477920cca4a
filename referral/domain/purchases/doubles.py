"""Whether one payment is told of twice, by the business under one id and by Stripe under another.

Since 2025 an invoice does not name its payment, and no news of a sale ever names its charge.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from referral.domain.purchases.facts import PurchaseFact
from referral.domain.purchases.purchases import Purchase, PurchaseKey, is_known
from referral.foundation.db import session
from referral.foundation.errors import Conflict, Invalid
from referral.foundation.ids import key_at

_CHARGES = ("ch_", "py_")
_SALES = ("in_", "cs_", "pi_")
_NEAR = timedelta(days=3)
"""How far apart a business and its provider may say that something was paid."""
_NO_CHARGE = (
    "Stripe told of a sale of as much to this person, and never names a charge, so this may be it."
    " Give the id of the invoice (in_…), else of the payment (pi_…) or the checkout (cs_…)."
)


class PaymentUnclear(Conflict):
    """It may be the payment of an invoice that is known; Stripe says which within the hour."""

    code = "payment_unclear"
    message = (
        "This person paid an invoice of the same amount, and Stripe has not said yet by which"
        " payment. Give the invoice's id (in_…), or tell this again in an hour."
    )


def refuse_what_may_be_known(purchase: Purchase) -> None:
    """Refuse a purchase just told that Stripe may have told of already by another id.

    Raises PaymentUnclear for a payment that may be an invoice's, Invalid for a charge that may be
    any sale's.
    """
    told = purchase.external_id
    if told.startswith("pi_") and _is_another_like(purchase, ("in_",), without=("pi_",)):
        raise PaymentUnclear
    if told.startswith(_CHARGES) and _is_another_like(purchase, _SALES, without=_CHARGES):
        raise Invalid(fields={"external_id": _NO_CHARGE})


def payments_like(business_id: uuid.UUID, fact: PurchaseFact) -> Sequence[str]:
    """Return the payments told of by the business that may be an unknown invoice's: at most five.

    Of the same amount, at about the same time, and with no invoice or checkout known of them.
    """
    if is_known(business_id, fact.keys):
        return []
    earliest = fact.occurred_at - _NEAR
    query = (
        bare_payments(business_id, since=earliest)
        .where(Purchase.gross_minor == fact.gross_minor, Purchase.currency == fact.currency)
        .where(Purchase.occurred_at.between(earliest, fact.occurred_at + _NEAR))
    )
    return session.scalars(query.order_by(Purchase.id.desc()).limit(5)).all()


def bare_payments(business_id: uuid.UUID, *, since: datetime) -> Select[str]:
    """Select payments that were told of by their own id alone, since a moment."""
    return (
        select(Purchase.external_id)
        .where(Purchase.business_id == business_id, Purchase.id > key_at(since))
        .where(Purchase.external_id.startswith("pi_", autoescape=True))
        .where(~_has_key(("in_", "cs_")))
    )


def _is_another_like(purchase: Purchase, named: Sequence[str], *, without: Sequence[str]) -> bool:
    """Tell of a like purchase of the person, named by one of some ids and by none of others."""
    query = (
        select(Purchase.id)
        .where(Purchase.person_id == purchase.person_id, Purchase.id != purchase.id)
        .where(Purchase.gross_minor == purchase.gross_minor)
        .where(Purchase.currency == purchase.currency)
        .where(
            Purchase.occurred_at.between(purchase.occurred_at - _NEAR, purchase.occurred_at + _NEAR)
        )
        .where(or_(*_begins(Purchase.external_id, named)), ~_has_key(without))
    )
    return session.scalar(query.limit(1)) is not None


def _has_key(begins: Sequence[str]) -> ColumnElement[bool]:
    mine = PurchaseKey.purchase_id == Purchase.id
    return exists().where(mine, or_(*_begins(PurchaseKey.key, begins)))


def _begins(column: InstrumentedAttribute[str], starts: Sequence[str]) -> list[ColumnElement[bool]]:
    return [column.startswith(one, autoescape=True) for one in starts]
