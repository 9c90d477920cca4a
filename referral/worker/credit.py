"""Store credit that will expire soon, or has."""

from __future__ import annotations

import uuid

from referral.domain.businesses import across_businesses, within
from referral.domain.rewards import CreditLot
from referral.domain.rewards.store_credit import look_at_lot
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction


def look(key: uuid.UUID, token: uuid.UUID) -> None:
    """Tell its person before a lot expires, and end what is left of it then."""
    with transaction():
        lot = session.get_one(CreditLot, key, execution_options=across_businesses())
        with within(lot.business_id):
            again_at = look_at_lot(lot, at=clock.now())
            due.finish(lot, token, again_at=again_at)
            failpoints.reached("CP5")
