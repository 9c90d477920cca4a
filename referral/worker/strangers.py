"""What the provider holds of ours, and which of it no act here has made.

After a restore such strangers were made after the copy this database was restored from (F-40).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from sqlalchemy import select

from referral.domain.businesses import Business, across_businesses
from referral.domain.rewards import Grant, Operation
from referral.foundation.db import session
from referral.foundation.ids import public_id
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import NotFoundThere

LISTS: dict[Operation, Callable[[StripeAccount, str], list[Made]]] = {
    Operation.CREDIT: StripeAccount.balance_changes,
    Operation.DEBIT: StripeAccount.balance_changes,
    Operation.PROMOTION_CODE: StripeAccount.promotion_codes,
    Operation.EXTENSION: StripeAccount.extensions_of,
    Operation.SHORTENING: StripeAccount.extensions_of,
    Operation.REFUND: StripeAccount.refunds_to,
    Operation.TRANSFER: StripeAccount.transfers_to,
    Operation.REVERSAL: StripeAccount.reversals_of,
}
"""How the objects of an operation are listed, the newest first."""


def held_at(account: StripeAccount, place: str, operation: Operation) -> list[Made]:
    """List what an operation made for a customer or payee, or to a transfer; none when gone."""
    try:
        return LISTS[operation](account, place)
    except NotFoundThere:
        return []


def strangers(business_id: uuid.UUID, held: Iterable[Made]) -> list[Made]:
    """Return the objects of ours that no act here has made, or may be making."""
    whose = public_id(Business.prefix, business_id)
    ours = [one for one in held if one.marks.get("wom_business") == whose]
    keys = [str(one.marks.get("wom_grant")) for one in ours]
    ids = [one.object_id for one in ours]
    query = select(Grant.object_id).where(Grant.object_id.in_(ids))
    known = set(session.scalars(query.execution_options(**across_businesses())))
    query = select(Grant.idempotency_key).where(Grant.idempotency_key.in_(keys))
    asked = set(session.scalars(query.execution_options(**across_businesses())))
    session.commit()
    return [
        one
        for one in ours
        if one.object_id not in known and str(one.marks.get("wom_grant")) not in asked
    ]
