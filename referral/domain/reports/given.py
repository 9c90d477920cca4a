"""What people were given: one figure, the same in portal, console, statement and export (I-43).

It is what is left of their granted rewards, and the ledger's account of it says the same: a share
that is to be taken back counts until it is gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, func, select

from referral.domain.rewards import Account, LedgerAccount, Reward, RewardState
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


def given_minor() -> ColumnElement[int]:
    """Return what is left of a granted reward, to be added up.

    What expired unused is not, and what was let go of a debt is, also of a reward taken back whole.
    """
    taken = Reward.withheld_minor + Reward.debited_minor + Reward.owed_minor - Reward.forgiven_minor
    left = Reward.amount_minor - taken - Reward.expired_minor
    return case(
        (Reward.state == RewardState.GRANTED, left),
        (Reward.state == RewardState.REVERSED, Reward.forgiven_minor),
        else_=0,
    )
