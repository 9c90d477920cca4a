"""Grants: prepare and commit, send with nothing open, settle and commit; safe at every point.

After the prepare the outcome is unknown until a stored answer or a look-up says otherwise. It is
asked for with the same key for 23 hours; later, and after a stored server error, we look first.
"""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta

import structlog

from referral.domain.businesses import across_businesses, within
from referral.domain.people import lock_people, lock_person, who_shares_customers
from referral.domain.rewards import Grant, Operation, attempts
from referral.domain.rewards.adopting import adopt
from referral.domain.rewards.debts import goes_in_whole, grant_whole
from referral.domain.rewards.ending_early import hold_if_given, may_be_given
from referral.domain.rewards.falling_back import fall_back, fallback_of
from referral.domain.rewards.grants import (
    Done,
    GrantState,
    NotNeeded,
    NotReady,
    Waiting,
    acts_beside,
)
from referral.domain.rewards.recovering import Recovery, last_recovery
from referral.domain.rewards.settling import do_ourselves, fail, owe_all, settle
from referral.domain.rewards.thresholds import refuse_without_form
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.gateways.stripe import Made, StripeAccount, sent_before
from referral.gateways.stripe.errors import (
    Blocked,
    Busy,
    Misconfigured,
    Needs,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StoredFailure,
    StripeTrouble,
)
from referral.worker.accounts import account_of
from referral.worker.acts import Act, NothingLeft, act_of
from referral.worker.circuits import LeftAlone, through_circuit
from referral.worker.claims import (
    LOOK_AGAIN,
    close,
    come_again,
    hold_on,
    postpone,
    wait_for,
)
from referral.worker.finding import adopted, made_before
from referral.worker.gift_requests import request_gift

log = structlog.get_logger("referral.worker")
BUSY_S = 1.0
"""How long to wait at least when Stripe is busy and does not say."""
_BLOCKS = {Needs.BALANCE: Waiting.BALANCE, Needs.PAYEE: Waiting.PAYEE_NOT_READY}
MOST_SERVER_ERRORS = 3
"""After this many 5xx answers to one key we look before asking again."""


def send_grant(key: uuid.UUID, token: uuid.UUID) -> None:
    """Do one grant as far as it can be done now."""
    grant = session.get_one(Grant, key, execution_options=across_businesses())
    with within(grant.business_id):
        try:
            if goes_in_whole(grant):
                close(grant, token, grant_whole)
                return
            if grant.is_at_business:
                request_gift(grant, token)
                return
            if grant.is_ours:
                _do_ourselves(grant, token)
                return
            done = _done_outside(grant, token)
        except LeftAlone as away:
            said = "Stripe did not answer several times and is left alone for a moment."
            _come_again(grant, token, said, at=away.until)
        except NotReady as waiting:
            _wait(grant, token, waiting.waits_for)
        except NotNeeded:
            close(grant, token, attempts.drop)
        except NothingLeft:
            close(grant, token, owe_all)
        except StripeTrouble as trouble:
            _after_trouble(grant, token, trouble)
        else:
            if done is not None:
                _settle(grant, token, done)


def _done_outside(grant: Grant, token: uuid.UUID) -> Done | None:
    """Return what the provider answered; None for what was found there and is settled already."""
    account = account_of(grant.business_id)
    if account is None:
        raise NotReady(Waiting.NOT_CONNECTED)
    act = act_of(grant.operation)
    last = last_recovery(grant.business_id)
    mode = last if last is not None and last.ended_at is None else None
    if last is not None and mode is None:
        _refuse_if_given(grant, token, last)
    with through_circuit(grant.business_id):
        if mode is not None and grant.state == GrantState.WAITING:
            made = made_before(grant, account, mode)
            if made is not None:
                _adopt(grant, token, made)
                return None
        _prepare(grant, token, act, account)
        failpoints.reached("CP1")
        done = _outcome(grant, act, account, looks_first=mode is not None)
        failpoints.reached("CP4")
    return done


def _refuse_if_given(grant: Grant, token: uuid.UUID, last: Recovery) -> None:
    """Have what may have been given before a restore held where nobody looks for it any more."""
    if grant.takes or not may_be_given(last, grant.reward):
        return
    with transaction():
        hold_on(grant, token)
        is_held = hold_if_given(last, grant.reward, at=clock.now())
    if is_held:
        raise NotReady(Waiting.HELD)


def _adopt(grant: Grant, token: uuid.UUID, made: Made) -> None:
    """Take over what was made before the copy was restored that this database is (F-40).

    In one commit: what was found bears another act's key, so nobody would find it again by ours.
    """
    with transaction():
        lock_person(grant.reward.person)
        hold_on(grant, token)
        adopt(grant, *adopted(grant, made), at=clock.now())
        due.finish(grant, token)
        failpoints.reached("CP5")
    log.warning("grant_adopted", grant=grant.public_id, object=made.object_id)


def _do_ourselves(grant: Grant, token: uuid.UUID) -> None:
    """Do and settle in one commit what nobody outside is asked for."""
    at = clock.now()
    try:
        with transaction():
            hold_on(grant, token)
            do_ourselves(grant, at=at)
            due.finish(grant, token)
            failpoints.reached("CP5")
    except NotReady as waiting:
        _wait(grant, token, waiting.waits_for)
    except NotNeeded:
        close(grant, token, attempts.drop)


def _prepare(grant: Grant, token: uuid.UUID, act: Act, account: StripeAccount) -> None:
    if grant.state == GrantState.SENDING:
        return
    if grant.state != GrantState.WAITING:
        raise NotNeeded
    beside = acts_beside(grant) if grant.is_alone else {}
    asked = act.ask(grant, account)
    person = grant.reward.person
    with transaction():
        lock_people(who_shares_customers(person) if grant.is_alone else [person.id])
        hold_on(grant, token)
        if grant.is_alone:
            _refuse_if_unsure(grant, beside)
        if grant.operation == Operation.TRANSFER:
            refuse_without_form(grant, at=clock.now())
        attempts.prepare(grant, asked, at=clock.now())


def _refuse_if_unsure(grant: Grant, beside: dict[uuid.UUID, str]) -> None:
    """Wait when another act may have changed what was read, such as the credit that is left."""
    if GrantState.SENDING in beside.values() or acts_beside(grant) != beside:
        raise NotReady(Waiting.OUTCOME_UNKNOWN)


def _outcome(grant: Grant, act: Act, account: StripeAccount, *, looks_first: bool) -> Done:
    """Send with the stored key, or look first when the key may be forgotten or is spent."""
    if looks_first and (found := act.find(grant, account)) is not None:
        return found
    if grant.is_key_old(clock.now()) or grant.server_errors >= MOST_SERVER_ERRORS:
        said = "The key had grown old or answered only with errors."
        return _found_or_again(grant, act, account, said)
    try:
        with sent_before(grant.lease_until):
            return act.send(grant, account)
    except StoredFailure as stored:
        return _found_or_again(grant, act, account, stored.said)


def _found_or_again(grant: Grant, act: Act, account: StripeAccount, why: str) -> Done:
    """Adopt what an earlier try left at Stripe, or open the next attempt with that proof (I-6)."""
    found = act.find(grant, account)
    if found is not None:
        return found
    raise ProvenAbsent(f"{why} Nothing was found at Stripe.")


class ProvenAbsent(StripeTrouble):
    """A look-up shows that this attempt left nothing, so another may be opened."""


def _settle(grant: Grant, token: uuid.UUID, done: Done) -> None:
    with transaction():
        hold_on(grant, token)
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
        close(grant, token, lambda one, at: attempts.replace(one, trouble.said, at=at))
    elif isinstance(trouble, Blocked):
        _blocked(grant, token, trouble)
    elif isinstance(trouble, Permanent):
        _refused(grant, token, trouble)
    elif isinstance(trouble, Misconfigured):
        postpone(grant, token, Waiting.MISCONFIGURED, trouble.said)
    elif isinstance(trouble, Busy):
        wait_s = (trouble.after_s or BUSY_S) * (1 + random.random())  # noqa: S311
        _come_again(grant, token, trouble.said, at=clock.now() + timedelta(seconds=wait_s))
    elif isinstance(trouble, Retryable):
        postpone(grant, token, Waiting.PROVIDER_DOWN, trouble.said)
    else:
        is_server_error = isinstance(trouble, StoredFailure) or (
            isinstance(trouble, OutcomeUnknown) and trouble.is_answered
        )
        postpone(grant, token, Waiting.OUTCOME_UNKNOWN, trouble.said, server_error=is_server_error)


def _blocked(grant: Grant, token: uuid.UUID, trouble: Blocked) -> None:
    """Open the next attempt for when the world has changed: this key is refused for good now.

    What is to be taken back from somebody who has too little left stands as a debt.
    """
    waits_for = _BLOCKS[trouble.needs]
    if grant.state != GrantState.SENDING:
        _wait(grant, token, waits_for)
    elif grant.takes:
        close(grant, token, lambda one, at: fail(one, trouble.said, at=at))
    else:
        close(grant, token, lambda one, at: _try_later(one, waits_for, trouble.said, at=at))


def _try_later(grant: Grant, waits_for: Waiting, said: str, *, at: datetime) -> None:
    again = attempts.replace(grant, said, at=at)
    again.waits_for, again.due_at = waits_for, at + LOOK_AGAIN
    session.flush()


def _refused(grant: Grant, token: uuid.UUID, trouble: Permanent) -> None:
    """Fail the reward only when the refusal was of the act itself, so nothing exists outside."""
    if grant.state == GrantState.SENDING:
        close(grant, token, lambda one, at: fail(one, trouble.said, at=at))
    else:
        postpone(grant, token, Waiting.REFUSED, trouble.said)


def _wait(grant: Grant, token: uuid.UUID, waits_for: Waiting) -> None:
    """Wait for what an act needs; credit without a customer may become something else."""
    if waits_for is Waiting.NO_CUSTOMER and fallback_of(grant.reward) is not None:
        _fall_back(grant, token)
    else:
        wait_for(grant, token, waits_for)


def _fall_back(grant: Grant, token: uuid.UUID) -> None:
    """Wait for a customer, or have something else take the place of credit when it is time."""
    at = clock.now()
    with transaction():
        lock_person(grant.reward.person)
        hold_on(grant, token)
        again_at = fall_back(grant, at=at)
        due.finish(grant, token, again_at=again_at)
        failpoints.reached("CP5")
    said = "fell_back" if again_at is None else "grant_waits"
    log.info(said, grant=grant.public_id, reward=grant.reward.public_id)


def _come_again(grant: Grant, token: uuid.UUID, said: str, *, at: datetime) -> None:
    """Wait as long as Stripe, or its circuit, asks for."""
    is_unknown = grant.waits_for == Waiting.OUTCOME_UNKNOWN
    waits_for = Waiting.OUTCOME_UNKNOWN if is_unknown else Waiting.PROVIDER_DOWN
    come_again(grant, token, waits_for, said, at=at)
