"""Asks Stripe through a business's circuit, so that one that is away is left alone (F-13)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from referral.domain.rewards.pausing import hold_back, let_go
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe.circuit import ask_leave, circuit_of, note_answer, note_fault
from referral.gateways.stripe.errors import Busy, OutcomeUnknown, Retryable, StripeTrouble

log = structlog.get_logger("referral.worker")


class LeftAlone(Exception):
    """Stripe is not asked before a moment, because it does not answer."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(until)


@contextmanager
def through_circuit(business_id: uuid.UUID) -> Iterator[None]:
    """Ask Stripe inside and note whether it answered; raises LeftAlone while it does not."""
    circuit = circuit_of(business_id)
    is_troubled = circuit is not None and circuit.faults > 0
    session.commit()
    if is_troubled:
        _ask_leave(business_id)
    try:
        yield
    except Busy:
        raise
    except (OutcomeUnknown, Retryable):
        _fault(business_id)
        raise
    except StripeTrouble:
        if is_troubled:
            _answered(business_id)
        raise
    if is_troubled:
        _answered(business_id)


def _ask_leave(business_id: uuid.UUID) -> None:
    with transaction():
        until = ask_leave(business_id, at=clock.now())
    if until is not None:
        raise LeftAlone(until)


def _fault(business_id: uuid.UUID) -> None:
    with transaction():
        until = note_fault(business_id, at=clock.now())
        if until is not None:
            hold_back(business_id, until=until)
    if until is not None:
        log.warning("stripe_left_alone", business=str(business_id))


def _answered(business_id: uuid.UUID) -> None:
    at = clock.now()
    with transaction():
        was_open = note_answer(business_id)
        if was_open:
            let_go(business_id, at=at)
    if was_open:
        log.info("stripe_answers_again", business=str(business_id))
