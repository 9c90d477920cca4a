"""Which sites are anybody's at all; says nothing of whose they are."""

from __future__ import annotations

from sqlalchemy import select

from referral.domain.businesses import Site, across_businesses
from referral.foundation.db import session


def is_anybodys_origin(origin: str) -> bool:
    """Tell whether some business speaks from exactly this origin."""
    query = select(Site.id).where(Site.origin == origin).limit(1)
    return session.scalar(query.execution_options(**across_businesses())) is not None
