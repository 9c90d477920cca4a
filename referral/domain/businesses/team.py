"""Who is on a business's team and in which role; a business never loses its last owner."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.businesses.ownership import across_businesses
from referral.domain.businesses.staff import Membership, Operator, Role
from referral.foundation.db import session
from referral.foundation.errors import Conflict

LADDER = (Role.VIEWER, Role.SUPPORT, Role.FINANCE, Role.MANAGER, Role.OWNER)
"""Each role may do what the ones before it may."""


class LastOwner(Conflict):
    """Somebody must be able to decide who is on the team."""

    code = "last_owner"
    message = "This is the only owner. Make somebody else an owner first."


def at_least(role: Role) -> frozenset[Role]:
    """Return the roles that may do what this one may."""
    return frozenset(LADDER[LADDER.index(role) :])


def team_of(business_id: uuid.UUID) -> Sequence[Membership]:
    """List the business's team with their operators, the first to join first."""
    query = (
        select(Membership)
        .where(Membership.business_id == business_id)
        .options(joinedload(Membership.operator, innerjoin=True))
        .order_by(Membership.id)
    )
    return session.scalars(query).all()


def memberships_of(operator: Operator) -> Sequence[Membership]:
    """List every business an operator works for, the first first."""
    query = (
        select(Membership)
        .where(Membership.operator_id == operator.id)
        .options(joinedload(Membership.business, innerjoin=True))
        .order_by(Membership.id)
        .execution_options(**across_businesses())
    )
    return session.scalars(query).all()


def change_role(membership: Membership, role: Role) -> None:
    """Give a member another role from their next request on; raises LastOwner."""
    if role is not Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    session.flush()


def remove_member(membership: Membership) -> None:
    """Take somebody off the team from their next request on; raises LastOwner."""
    _keep_an_owner(membership)
    session.delete(membership)
    session.flush()


def _keep_an_owner(membership: Membership) -> None:
    """Refuse unless another owner stays; their rows are locked, so two cannot leave at once."""
    query = (
        select(Membership.id)
        .where(Membership.business_id == membership.business_id, Membership.role == Role.OWNER)
        .order_by(Membership.id)
        .with_for_update()
    )
    owners = session.scalars(query).all()
    if membership.id in owners and len(owners) == 1:
        raise LastOwner
