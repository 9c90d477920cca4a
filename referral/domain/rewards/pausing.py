"""Has the acts of a business wait together while its provider is away, and go on together."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, case, update

from referral.domain.rewards.grants import Grant, GrantState, Waiting
from referral.domain.rewards.operations import NOT_AT_PROVIDER
from referral.foundation.db import session

_OPEN = (GrantState.WAITING, GrantState.SENDING)
_AWAY = (Waiting.PROVIDER_DOWN, Waiting.OUTCOME_UNKNOWN)


def hold_back(business_id: uuid.UUID, *, until: datetime) -> None:
    """Put off every act that is due before then and that nobody works on."""
    of_the_sent = case(
        (Grant.state == GrantState.SENDING, Waiting.OUTCOME_UNKNOWN.value),
        else_=Waiting.PROVIDER_DOWN.value,
    )
    _change(business_id, Grant.due_at < until, due_at=until, waits_for=of_the_sent)


def let_go(business_id: uuid.UUID, *, at: datetime) -> None:
    """Have what waited for the provider tried at once."""
    _change(business_id, Grant.waits_for.in_(_AWAY), due_at=at, attempts=0)


def _change(business_id: uuid.UUID, *where: ColumnElement[bool], **values: object) -> None:
    statement = (
        update(Grant)
        .where(Grant.business_id == business_id, Grant.state.in_(_OPEN))
        .where(Grant.operation.not_in(NOT_AT_PROVIDER))
        .where(Grant.due_at.is_not(None), Grant.dead_at.is_(None), Grant.lease_token.is_(None))
        .where(*where)
        .values(**values)
    )
    session.execute(statement.execution_options(synchronize_session=False))
