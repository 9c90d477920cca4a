"""A claimed act: kept while it is worked, and given back with what it waits for.

Whoever lost the claim meanwhile changes nothing (I-35).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from referral.domain.rewards import Grant
from referral.domain.rewards.choosing import ask_to_choose
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.moving import lock
from referral.foundation import clock, due
from referral.foundation.db import session, transaction

log = structlog.get_logger("referral.worker")
LOOK_AGAIN = timedelta(hours=1)
"""How long a grant waits for what we hear of, should the news not reach us."""

_HEARD_OF = frozenset(
    {
        Waiting.NO_PAYEE,
        Waiting.PAYEE_NOT_READY,
        Waiting.BELOW_MINIMUM,
        Waiting.BALANCE,
        Waiting.FORM_MISSING,
        Waiting.CHOICE,
        Waiting.NO_CHARITY,
    }
)


def close(grant: Grant, token: uuid.UUID, act: Callable[..., object]) -> None:
    """Do what ends an act, in the commit that says so."""
    with transaction():
        hold_on(grant, token)
        act(grant, at=clock.now())
        due.finish(grant, token)


def hold_on(grant: Grant, token: uuid.UUID) -> None:
    """Lock the reward and read the grant afresh; raises LeaseLost when another took over (I-35)."""
    lock(grant.reward)
    session.refresh(grant)
    if grant.lease_token != token:
        raise due.LeaseLost


def come_again(
    grant: Grant, token: uuid.UUID, waits_for: str | None, said: str, *, at: datetime
) -> None:
    """Wait as long as whoever is asked wants it; nothing has failed (F-9)."""
    with transaction():
        hold_on(grant, token)
        grant.waits_for = waits_for
        session.flush()
        due.come_again(grant, token, at=at, reason=said)


def wait_for(grant: Grant, token: uuid.UUID, waits_for: Waiting) -> None:
    """Wait for something others do; where news of it wakes the grant, look only every hour.

    Whose choice is waited for is asked, unless they were when the reward was approved: there may
    have been nothing to choose from then.
    """
    if waits_for not in _HEARD_OF:
        postpone(grant, token, waits_for, waits_for)
        return
    at = clock.now()
    with transaction():
        hold_on(grant, token)
        grant.waits_for = waits_for
        session.flush()
        if waits_for is Waiting.CHOICE:
            ask_to_choose(grant.reward, at=at)
        due.finish(grant, token, again_at=at + LOOK_AGAIN)
    log.info("grant_waits", grant=grant.public_id, waits_for=str(waits_for))


def postpone(
    grant: Grant,
    token: uuid.UUID,
    waits_for: Waiting,
    said: str,
    *,
    server_error: bool = False,
) -> None:
    """Wait for somebody else to recover, longer each time, and never give up."""
    at = clock.now()
    with transaction():
        hold_on(grant, token)
        grant.waits_for = waits_for
        grant.server_errors += server_error
        session.flush()
        due.postpone(grant, token, at=at, reason=said, patient=True)
    log.warning("grant_waits", grant=grant.public_id, waits_for=str(waits_for))
