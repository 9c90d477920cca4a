"""Gifts that the business's own server is asked for, and how they wait for it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, func, select, update

from referral.domain.rewards.grants import Grant, GrantState, Waiting
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id

REMIND_AFTER = timedelta(days=1)
"""How long an accepted gift is waited for before its request is sent again, each time."""
_FOR_SERVER = (Waiting.NO_ENDPOINT, Waiting.ENDPOINT_AWAY, Waiting.ENDPOINT_REFUSES)


def accept(grant: Grant, *, at: datetime) -> None:
    """Note that the server has taken the request and will say later what became of it."""
    if not was_accepted(grant):
        grant.details = {"accepted_at": at.isoformat()}
    grant.waits_for = Waiting.CONFIRMATION
    session.flush()


def was_accepted(grant: Grant) -> bool:
    """Tell whether the server took the request and has said nothing more yet."""
    return grant.state == GrantState.SENDING and "accepted_at" in (grant.details or {})


def awaits_word(grant: Grant) -> bool:
    """Tell whether staff may say what became of it: taken by the server, or asked and none left."""
    return was_accepted(grant) or (
        grant.state == GrantState.SENDING and grant.waits_for == Waiting.NO_ENDPOINT
    )


def request_of(reward: Reward) -> Grant | None:
    """Return what the server was last asked for a reward, if it was."""
    query = select(Grant).where(
        Grant.reward_id == reward.id, Grant.operation == Operation.GIFT_REQUEST
    )
    return session.scalars(query.order_by(Grant.id.desc()).limit(1)).first()


def hold_requests(business_id: uuid.UUID, *, until: datetime) -> None:
    """Let the gifts of a business wait together while its server is left alone."""
    waits_for = func.coalesce(Grant.waits_for, Waiting.ENDPOINT_AWAY.value)
    _change(
        _open(business_id)
        .where(Grant.due_at < until, Grant.lease_token.is_(None))
        .values(due_at=until, waits_for=waits_for)
    )


def wake_requests(business_id: uuid.UUID, *, at: datetime) -> None:
    """Have the gifts tried at once that waited for the server, and not for its confirmation."""
    _change(
        _open(business_id)
        .where(Grant.waits_for.in_(_FOR_SERVER))
        .values(due_at=at, attempts=0, dead_at=None)
    )


def open_requests(business_id: uuid.UUID) -> int:
    """Count the gifts that wait for the business's server, or for its word."""
    query = select(func.count()).where(*_are_open(business_id))
    return session.scalar(query) or 0


def find_request(text: str) -> Grant:
    """Return the business's gift request of a grant's public id; raises NotFound."""
    query = select(Grant).where(
        Grant.id == parse_public_id(Grant.prefix, text),
        Grant.operation == Operation.GIFT_REQUEST,
    )
    grant = session.scalar(query)
    if grant is None:
        raise NotFound
    return grant


def _open(business_id: uuid.UUID) -> Update:
    return update(Grant).where(*_are_open(business_id), Grant.due_at.is_not(None))


def _are_open(business_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Grant.business_id == business_id,
        Grant.operation == Operation.GIFT_REQUEST,
        Grant.state.in_((GrantState.WAITING, GrantState.SENDING)),
    )


def _change(statement: Update) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
