"""What people were given: one figure, the same in portal, console, statement and export (I-43).

`Reward.given_minor` says it of one reward, and the ledger's account adds up to the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select

from referral.domain.rewards import Account, LedgerAccount
from referral.foundation.db import session
from referral.foundation.money import Money


def given_to(people: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Money]]:
    """Return what each of some people was given and keeps, by currency; one query."""
    holders = {str(one): one for one in people}
    query = (
        select(LedgerAccount.holder, LedgerAccount.currency, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.holder.in_(holders), LedgerAccount.name == Account.GRANTED)
        .group_by(LedgerAccount.holder, LedgerAccount.currency)
        .order_by(LedgerAccount.currency)
    )
    given: dict[uuid.UUID, list[Money]] = {}
    for holder, currency, total in session.execute(query):
        if total:
            given.setdefault(holders[holder], []).append(Money(int(total), currency))
    return given
