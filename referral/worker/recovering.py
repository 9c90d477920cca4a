"""Compares a business with its provider until nothing unknown is left there (F-40)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

import structlog
from sqlalchemy import select

from referral.domain.businesses import across_businesses, within
from referral.domain.people import Payee
from referral.domain.people.customers import StripeCustomer
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.recovering import (
    AT_LEAST,
    Recovery,
    Unknown,
    end_recovery,
    note_compared,
)
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.gateways.stripe import StripeAccount, StripeEvent, poll_now, poll_of
from referral.gateways.stripe.errors import StripeTrouble
from referral.worker.accounts import account_of
from referral.worker.strangers import held_at, strangers

_AT_CUSTOMERS = (
    Operation.CREDIT,
    Operation.PROMOTION_CODE,
    Operation.REFUND,
    Operation.EXTENSION,
)
_AT_PAYEES = (Operation.TRANSFER,)

AGAIN = timedelta(minutes=10)
log = structlog.get_logger("referral.worker")


def recover(key: uuid.UUID, token: uuid.UUID) -> None:
    """Compare every customer with what is known here; end when all is known, after a day."""
    row = session.get_one(Recovery, key, execution_options=across_businesses())
    with within(row.business_id):
        try:
            unknown = _compare(row, token)
        except StripeTrouble as trouble:
            with transaction():
                due.postpone(row, token, at=clock.now(), reason=trouble.said, patient=True)
            return
        at = clock.now()
        with transaction():
            if unknown is not None:
                note_compared(row, unknown, at=at)
            is_over = unknown == [] and at >= row.began_at + AT_LEAST and _has_heard_all(row)
            if not _has_looked(row):
                poll_now(row.business_id, at=at)
            due.finish(row, token, again_at=at + AGAIN)
            if is_over:
                end_recovery(row.business_id, at=at)
    if is_over:
        log.info("recovery_ended", business=str(row.business_id), adopted=row.adopted)
    elif unknown:
        log.warning("unknown_at_provider", business=str(row.business_id), objects=len(unknown))


def _compare(row: Recovery, token: uuid.UUID) -> list[Unknown] | None:
    """Return the unknown objects at everybody we know, or None when nobody can be asked."""
    account = account_of(row.business_id)
    customers = session.scalars(select(StripeCustomer.customer_id)).all()
    payees = session.scalars(select(Payee.account_id)).all()
    session.commit()
    if account is None:
        return None
    places = [(one, _AT_CUSTOMERS) for one in customers] + [(one, _AT_PAYEES) for one in payees]
    return [
        unknown
        for place, operations in places
        for unknown in _unknown_at(account, place, operations, row, token)
    ]


def _unknown_at(
    account: StripeAccount,
    place: str,
    operations: Iterable[Operation],
    row: Recovery,
    token: uuid.UUID,
) -> list[Unknown]:
    with transaction():
        due.hold_on(Recovery, row.id, token, until=clock.now() + due.LEASE)
    return [
        Unknown(one.object_id, operation, place)
        for operation in operations
        for one in strangers(row.business_id, held_at(account, place, operation))
    ]


def _has_looked(row: Recovery) -> bool:
    """Tell whether the list of events was read to its end since this began."""
    poll = poll_of(row.business_id)
    return poll is not None and poll.looked_at is not None and poll.looked_at > row.began_at


def _has_heard_all(row: Recovery) -> bool:
    """Tell whether everything that was told of the lost time has been read."""
    unread = select(StripeEvent.id).where(
        StripeEvent.read_at.is_(None), StripeEvent.dead_at.is_(None)
    )
    return _has_looked(row) and session.scalar(unread.limit(1)) is None
