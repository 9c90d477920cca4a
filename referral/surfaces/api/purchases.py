"""Purchases: what people paid, told by the business itself or read from Stripe, counted once."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import connection_of
from referral.domain.people.people import IdentityConflict
from referral.domain.purchases import (
    PaymentUnclear,
    Purchase,
    PurchaseFact,
    is_known,
    refuse_what_may_be_known,
)
from referral.foundation.db import session
from referral.foundation.errors import Conflict, NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.api.contract import (
    Currency,
    In,
    Minor,
    Moment,
    MomentIn,
    Money,
    Out,
    OwnId,
    Page,
    PersonId,
    PurchaseId,
    refuse_the_future,
)
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Kept, Resource
from referral.surfaces.api.naming import UnknownPerson, WhoPaid

route = Resource("Purchases", "What somebody paid; it may earn rewards for whoever sent them.")


class PurchaseIn(In):
    """What somebody paid.

    `external_id` is the money's own id: give Stripe's id of the invoice, else of the payment or the
    session where there is one, and the same money from Stripe counts once. It does not by the id
    of its charge (`ch_…`), which is for what was paid without any of those. `gross_minor` is what
    was really paid, `tax_minor` the tax within it. Without `occurred_at` it was now.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person": {"external_id": "customer-1042"},
                    "external_id": "order-2026-118",
                    "gross_minor": 11900,
                    "tax_minor": 1900,
                    "currency": "eur",
                    "occurred_at": "2026-11-21T14:05:00Z",
                }
            ]
        }
    )

    person: WhoPaid
    external_id: OwnId
    gross_minor: Minor
    tax_minor: Minor = 0
    currency: Currency
    occurred_at: MomentIn | None = None
    is_renewal: Annotated[
        bool, Field(description="A subscription went on; its first payment is none.")
    ] = False

    @field_validator("tax_minor")
    @classmethod
    def _must_be_within(cls, tax_minor: int, known: ValidationInfo) -> int:
        if tax_minor > known.data.get("gross_minor", tax_minor):
            raise ValueError("The tax is part of what was paid: at most gross_minor.")
        return tax_minor


class PurchaseOut(Out):
    """What somebody paid; rewards are computed from `base`, and `refunded` is the sum so far."""

    id: PurchaseId
    external_id: str
    person: PersonId
    gross: Money
    tax: Money
    base: Money
    refunded: Money
    is_renewal: bool
    occurred_at: Moment
    recorded_at: Moment

    @classmethod
    def of(cls, purchase: Purchase) -> PurchaseOut:
        """Write a purchase."""
        return cls(
            id=purchase.public_id,
            external_id=purchase.external_id,
            person=public_id("per", purchase.person_id),
            gross=Money.of(purchase.gross_minor, purchase.currency),
            tax=Money.of(purchase.tax_minor, purchase.currency),
            base=Money.of(purchase.base_minor, purchase.currency),
            refunded=Money.of(purchase.refunded_minor, purchase.currency),
            is_renewal=purchase.is_renewal,
            occurred_at=purchase.occurred_at,
            recorded_at=purchase.recorded_at,
        )


class PurchasesOut(Page[PurchaseOut]):
    """A page of purchases."""


class PurchasesAsked(PageAsked):
    """Which purchases to list."""

    person: PersonId | None = None
    external_id: OwnId | None = None


class PurchaseDiffers(Conflict):
    """The same external_id was told before, with something else."""

    code = "purchase_differs"
    message = "This external_id is known with another person, amount, tax or currency."


@route.post(
    "/purchases",
    takes=PurchaseIn,
    gives=PurchaseOut,
    creates=True,
    refuses=(UnknownPerson, IdentityConflict, PurchaseDiffers, PaymentUnclear),
)
def record_purchase(call: Call, sent: PurchaseIn) -> Kept:
    """Tell us what somebody paid.

    The same `external_id` again is the same purchase (200); another person, amount, tax or currency
    is refused. The time it was told with first stands; that it is a renewal may be told later. For
    businesses whose payments run through Stripe this is not needed: its events tell us.
    """
    refuse_the_future(sent.occurred_at, call.at)
    fact = PurchaseFact(
        claim=sent.person.claim(call.business),
        keys=(sent.external_id,),
        gross_minor=sent.gross_minor,
        tax_minor=sent.tax_minor,
        currency=sent.currency,
        occurred_at=sent.occurred_at or call.at,
        is_renewal=sent.is_renewal,
    )
    was_known = is_known(call.business.id, fact.keys)
    purchase = journey.buy(call.business, fact, at=call.at)
    if purchase is None or not _says_the_same(purchase, sent):
        raise PurchaseDiffers
    is_new = not was_known and purchase.recorded_at == call.at
    if is_new and connection_of(call.business.id) is not None:
        refuse_what_may_be_known(purchase)
    return Kept(PurchaseOut.of(purchase), is_new)


@route.get("/purchases", gives=PurchasesOut, asks=PurchasesAsked)
def list_purchases(call: Call, asked: PurchasesAsked) -> PurchasesOut:
    """List purchases, of one person or of one `external_id` if you like."""
    query = select(Purchase)
    if asked.person is not None:
        query = query.where(Purchase.person_id == parse_public_id("per", asked.person))
    if asked.external_id is not None:
        query = query.where(Purchase.external_id == asked.external_id)
    rows, after = page(call.business, "purchases", query, Purchase.id, asked)
    return PurchasesOut(items=[PurchaseOut.of(row) for row in rows], next=after)


@route.get("/purchases/{purchase}", gives=PurchaseOut, refuses=(NotFound,))
def get_purchase(call: Call, purchase: str) -> PurchaseOut:
    """Show one purchase, with what was refunded of it so far."""
    key = parse_public_id(Purchase.prefix, purchase)
    found = session.scalar(select(Purchase).where(Purchase.id == key))
    if found is None:
        raise NotFound
    return PurchaseOut.of(found)


def _says_the_same(purchase: Purchase, sent: PurchaseIn) -> bool:
    kept = (purchase.gross_minor, purchase.tax_minor, purchase.currency)
    return kept == (sent.gross_minor, sent.tax_minor, sent.currency) and sent.person.is_person(
        purchase.person
    )
