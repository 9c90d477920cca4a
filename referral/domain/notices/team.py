"""Telling those of a business's team whom something concerns."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from referral.domain.businesses import Role
from referral.domain.businesses.team import team_of
from referral.domain.notices.notices import notify


def notify_team(
    business_id: uuid.UUID,
    kind: str,
    *,
    roles: Collection[Role],
    once_key: str,
    at: datetime,
    said: dict[str, Any],
) -> None:
    """Write one mail to each member who has one of the roles; once for a key and member."""
    for member in team_of(business_id):
        if member.role in roles:
            notify(
                business_id,
                kind,
                to=member.operator.email,
                once_key=f"{once_key}:{member.operator_id}",
                at=at,
                said=said,
            )
