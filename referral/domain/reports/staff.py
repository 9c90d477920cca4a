"""For whom an operator works at the moment, as it stands now."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.businesses import Membership, across_businesses
from referral.foundation.db import session


def membership_at_work(operator_id: uuid.UUID, business_id: uuid.UUID | None) -> Membership | None:
    """Return the membership in the business at work, else the operator's first, in one query."""
    query = (
        select(Membership)
        .where(Membership.operator_id == operator_id)
        .options(
            joinedload(Membership.operator, innerjoin=True),
            joinedload(Membership.business, innerjoin=True),
        )
        .order_by(Membership.business_id != business_id, Membership.id)
        .limit(1)
        .execution_options(populate_existing=True, **across_businesses())
    )
    return session.scalar(query)
