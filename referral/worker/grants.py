"""Grants: prepare and commit, send with nothing open, settle and commit; safe at every point.

After the prepare the outcome is unknown until a stored answer or a look-up says otherwise. It is
asked for with the same key for 23 hours; later, and after a stored server error, we look first.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from referral.domain.businesses import across_businesses, within
from referral.domain.people import lock_person
from referral.domain.rewards import Grant, Operation
from referral.domain.rewards import grants as book
from referral.domain.rewards.grants import Done, GrantState, NotNeeded, NotReady, Waiting
from referral.domain.rewards.rewards import lock
from referral.domain.rewards.settling import fail, owe_all, settle
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import (
    Misconfigured,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StoredFailure,
    StripeTrouble,
)
from referral.worker.accounts import account_of
from referral.worker.discounts import ensure_customer, make_code
from referral.worker.marks import marks_of

log = structlog.get_logger("referral.worker")
MOST_SERVER_ERRORS = 3
"""After this many 5xx answers to one key we look before asking again."""


class NothingLeft(Exception):
    """The customer has no credit left to take back."""


def send_grant(key: uuid.UUID, token: uuid.UUID) -> None:
    """Do one grant as far as it can be done now."""
    grant = session.get_one(Grant, key, execution_options=across_businesses())
    with within(grant.business_id):
        try:
            account = account_of(grant.business_id)
            if account is None:
                raise NotReady(Waiting.NOT_CONNECTED)
            _prepare(grant, token, account)
            failpoints.reached("CP1")
            done = _outcome(grant, account)
            failpoints.reached("CP4")
        except NotReady as waiting:
            _postpone(grant, token, waiting.waits_for, waiting.waits_for)
        except NotNeeded:
            _close(grant, token, book.drop)
        except NothingLeft:
            _close(grant, token, owe_all)
        except StripeTrouble as trouble:
            _after_trouble(grant, token, trouble)
        else:
            _settle(grant, token, done)


def _prepare(grant: Grant, token: uuid.UUID, account: StripeAccount) -> None:
    if grant.state == GrantState.SENDING:
        return
    if grant.state != GrantState.WAITING:
        raise NotNeeded
    beside = book.debits_beside(grant)
    customer, left_minor = _recipient(grant, account)
    with transaction():
        lock_person(grant.reward.person)
        _hold_on(grant, token)
        if left_minor is not None:
            _refuse_if_unsure(grant, beside)
        parameters = _parameters(grant, customer, left_minor)
        book.prepare(grant, parameters, amount_minor=parameters["amount"], at=clock.now())


def _recipient(grant: Grant, account: StripeAccount) -> tuple[str, int | None]:
    """Return the customer and, for a debit, how much credit they have left to take."""
    customer = book.customer_for(grant)
    if grant.operation == Operation.PROMOTION_CODE and customer is None:
        customer = ensure_customer(grant, account)
    if customer is None:
        raise NotReady(Waiting.NO_CUSTOMER)
    if grant.operation != Operation.DEBIT:
        return customer, None
    left_minor = account.credit_left(customer, grant.currency)
    if left_minor <= 0:
        raise NothingLeft
    return customer, left_minor


def _refuse_if_unsure(grant: Grant, beside: dict[uuid.UUID, str]) -> None:
    """Wait when another debit may have taken what was left; the customer must not come to owe."""
    if GrantState.SENDING in beside.values() or book.debits_beside(grant) != beside:
        raise NotReady(Waiting.OUTCOME_UNKNOWN)


def _parameters(grant: Grant, customer: str, left_minor: int | None) -> dict[str, Any]:
    """Decide what will be sent, of the grant as it is now; a debit takes no more than is left."""
    if left_minor is None:
        return {"customer": customer, "amount": grant.amount_minor}
    amount_minor = min(grant.amount_minor, left_minor)
    return {"customer": customer, "amount": amount_minor, "wanted": grant.amount_minor}


def _outcome(grant: Grant, account: StripeAccount) -> Done:
    """Send with the stored key, or look first when the key may be forgotten or is spent."""
    if grant.is_key_old(clock.now()) or grant.server_errors >= MOST_SERVER_ERRORS:
        return _found_or_again(
            grant, account, "The key had grown old or answered only with errors."
        )
    try:
        return _send(grant, account)
    except StoredFailure as stored:
        return _found_or_again(grant, account, stored.said)


def _send(grant: Grant, account: StripeAccount) -> Done:
    asked = _asked(grant)
    if grant.operation == Operation.PROMOTION_CODE:
        return _done(make_code(grant, account, asked["customer"]), 0)
    sign = -1 if grant.operation == Operation.CREDIT else 1
    made = account.adjust_balance(
        asked["customer"],
        sign * asked["amount"],
        grant.currency,
        note="Thank you for recommending us" if sign < 0 else "Part of a purchase was refunded",
        marks=marks_of(grant),
        key=grant.idempotency_key,
    )
    return _done(made, sign)


def _found_or_again(grant: Grant, account: StripeAccount, why: str) -> Done:
    """Adopt what an earlier try left at Stripe, or open the next attempt with that proof (I-6)."""
    asked, sign = _asked(grant), -1 if grant.operation == Operation.CREDIT else 1
    mark = {"wom_grant": grant.idempotency_key}
    if grant.operation == Operation.PROMOTION_CODE:
        found = account.find_promotion_code(asked["customer"], mark)
    else:
        found = account.find_balance_change(asked["customer"], mark)
    if found is not None:
        return _done(found, sign)
    raise ProvenAbsent(f"{why} Nothing was found at Stripe.")


class ProvenAbsent(StripeTrouble):
    """A look-up shows that this attempt left nothing, so another may be opened."""


def _asked(grant: Grant) -> dict[str, Any]:
    return grant.parameters or {}


def _done(made: Made, sign: int) -> Done:
    return Done(
        object_id=made.object_id,
        amount_minor=sign * made.amount_minor,
        currency=made.currency,
        customer_id=made.customer_id,
        details=made.details,
    )


def _hold_on(grant: Grant, token: uuid.UUID) -> None:
    """Lock the reward and read the grant afresh; raises LeaseLost when another took over (I-35)."""
    lock(grant.reward)
    session.refresh(grant)
    if grant.lease_token != token:
        raise due.LeaseLost


def _settle(grant: Grant, token: uuid.UUID, done: Done) -> None:
    with transaction():
        _hold_on(grant, token)
        is_right = settle(grant, done, at=clock.now())
        if is_right:
            due.finish(grant, token)
        else:
            due.bury(grant, token, at=clock.now(), reason="The answer is not what was asked for.")
        failpoints.reached("CP5")
    failpoints.reached("CP6")
    log.info("granted" if is_right else "answer_is_wrong", grant=grant.public_id)


def _after_trouble(grant: Grant, token: uuid.UUID, trouble: StripeTrouble) -> None:
    if isinstance(trouble, ProvenAbsent):
        _close(grant, token, lambda one, at: book.replace(one, trouble.said, at=at))
    elif isinstance(trouble, Permanent):
        _refused(grant, token, trouble)
    elif isinstance(trouble, Misconfigured):
        _postpone(grant, token, Waiting.MISCONFIGURED, trouble.said)
    elif isinstance(trouble, Retryable):
        _postpone(grant, token, Waiting.PROVIDER_DOWN, trouble.said)
    else:
        is_server_error = isinstance(trouble, StoredFailure) or (
            isinstance(trouble, OutcomeUnknown) and trouble.is_answered
        )
        _postpone(grant, token, Waiting.OUTCOME_UNKNOWN, trouble.said, server_error=is_server_error)


def _refused(grant: Grant, token: uuid.UUID, trouble: Permanent) -> None:
    """Fail the reward only when the refusal was of the act itself, so nothing exists outside."""
    if grant.state == GrantState.SENDING:
        _close(grant, token, lambda one, at: fail(one, trouble.said, at=at))
    else:
        _postpone(grant, token, Waiting.MISCONFIGURED, trouble.said)


def _close(grant: Grant, token: uuid.UUID, act: Callable[..., object]) -> None:
    with transaction():
        _hold_on(grant, token)
        act(grant, at=clock.now())
        due.finish(grant, token)


def _postpone(
    grant: Grant,
    token: uuid.UUID,
    waits_for: Waiting,
    said: str,
    *,
    server_error: bool = False,
) -> None:
    at: datetime = clock.now()
    with transaction():
        _hold_on(grant, token)
        grant.waits_for = waits_for
        grant.server_errors += server_error
        session.flush()
        due.postpone(grant, token, at=at, reason=said, patient=True)
    log.warning("grant_waits", grant=grant.public_id, waits_for=waits_for)
