"""Refunds: money that went back, with its share of every reward."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Business
from referral.domain.purchases import Purchase, Refund, RefundFact, find_purchase
from referral.foundation.db import session
from referral.foundation.errors import Conflict, NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.api.contract import (
    In,
    Moment,
    Money,
    Out,
    OwnId,
    PositiveMinor,
    PurchaseId,
    RefundId,
)
from referral.surfaces.api.layer import Call, Kept, Resource

route = Resource("Refunds", "What went back; rewards lose the same share, once, in any order.")


class RefundIn(In):
    """Money that went back; `external_id` is the refund's own id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "purchase": "order-2026-118",
                    "external_id": "refund-2026-7",
                    "amount_minor": 5950,
                }
            ]
        }
    )

    purchase: Annotated[OwnId, Field(description="Our id of the purchase, or its `external_id`.")]
    external_id: OwnId
    amount_minor: PositiveMinor


class RefundOut(Out):
    """A refund; `refunded` is what went back of the purchase in all."""

    id: RefundId
    external_id: str
    purchase: PurchaseId
    amount: Money
    refunded: Money
    at: Moment


class UnknownPurchase(NotFound):
    """No purchase of the business has this id."""

    code = "unknown_purchase"
    message = "There is no such purchase."


class RefundDiffers(Conflict):
    """The same external_id was told before, with something else."""

    code = "refund_differs"
    message = "This external_id is known with another purchase or amount."


class OverRefund(Conflict):
    """More would go back than was paid."""

    code = "over_refund"
    message = "More would go back than was paid."


@route.post(
    "/refunds",
    takes=RefundIn,
    gives=RefundOut,
    creates=True,
    refuses=(UnknownPurchase, RefundDiffers, OverRefund),
)
def record_refund(call: Call, sent: RefundIn) -> Kept:
    """Tell us what went back of a purchase.

    The same `external_id` again is the same refund (200). Rewards that are not granted yet
    shrink by the refunded share; of granted ones it is taken back.
    """
    purchase = _locked(call.business, sent.purchase)
    known = _refund_known(sent.external_id)
    if known is None:
        _refuse_too_much(purchase, sent.amount_minor)
        fact = RefundFact(
            keys=(purchase.external_id,),
            at=call.at,
            refund_id=sent.external_id,
            amount_minor=sent.amount_minor,
        )
        purchase = journey.refund(call.business, fact, at=call.at)
    refund = known or _refund_known(sent.external_id)
    if refund is None or (refund.purchase_id, refund.amount_minor) != (
        purchase.id,
        sent.amount_minor,
    ):
        raise RefundDiffers
    return Kept(_written(refund, purchase), is_new=known is None)


def _locked(business: Business, text: str) -> Purchase:
    """Return the purchase meant, which nobody else changes until the commit."""
    own = _external_id_of(text) if text.startswith("pur_") else None
    purchase = find_purchase(business.id, (own or text,))
    if purchase is None:
        raise UnknownPurchase(fields={"purchase": UnknownPurchase.message})
    return purchase


def _external_id_of(text: str) -> str | None:
    try:
        key = parse_public_id(Purchase.prefix, text)
    except NotFound:
        return None
    return session.scalar(select(Purchase.external_id).where(Purchase.id == key))


def _refund_known(external_id: str) -> Refund | None:
    return session.scalar(select(Refund).where(Refund.external_id == external_id))


def _refuse_too_much(purchase: Purchase, amount_minor: int) -> None:
    left = purchase.gross_minor - purchase.refunded_minor
    if amount_minor > left:
        said = f"At most {left} is left of this purchase."
        raise OverRefund(fields={"amount_minor": said})


def _written(refund: Refund, purchase: Purchase) -> RefundOut:
    return RefundOut(
        id=refund.public_id,
        external_id=refund.external_id,
        purchase=public_id("pur", purchase.id),
        amount=Money.of(refund.amount_minor, purchase.currency),
        refunded=Money.of(purchase.refunded_minor, purchase.currency),
        at=refund.at,
    )
