"""Asks Stripe whether a code was used: after a purchase of its person, before and after its end."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog

from referral.domain.rewards import Reward
from referral.domain.rewards.grants import given_by
from referral.domain.rewards.lapsing import see_to_code
from referral.foundation import clock, due, failpoints
from referral.foundation.db import transaction
from referral.gateways.stripe.errors import NotFoundThere, StripeTrouble
from referral.worker.accounts import account_of
from referral.worker.circuits import LeftAlone, through_circuit

ASK_AGAIN = timedelta(days=1)
"""How soon is asked again where no Stripe account is connected, or another than made the code."""
log = structlog.get_logger("referral.worker")


def look_at_code(reward: Reward, token: uuid.UUID) -> None:
    """See to a code; what cannot be asked now is asked later, and nothing is booked."""
    at = clock.now()
    try:
        was_used = _was_used(reward)
    except LeftAlone as away:
        with transaction():
            due.come_again(reward, token, at=away.until, reason="Stripe is left alone.")
    except StripeTrouble as trouble:
        with transaction():
            due.postpone(reward, token, at=at, reason=trouble.said, patient=True)
    else:
        with transaction():
            if was_used is None:
                again_at: datetime | None = at + ASK_AGAIN
            else:
                again_at = see_to_code(reward, was_used=was_used, at=at)
            due.finish(reward, token, again_at=again_at)
            failpoints.reached("CP5")
        log.info("code_looked_at", reward=reward.public_id, was_used=was_used)


def _was_used(reward: Reward) -> bool | None:
    """Return whether somebody used the code; None while nobody connected knows it."""
    given, account = given_by(reward), account_of(reward.business_id)
    if given is None or given.object_id is None or account is None:
        return None
    code = given.object_id
    try:
        with through_circuit(reward.business_id):
            return account.code_state(code).times_redeemed > 0
    except NotFoundThere:
        return None
