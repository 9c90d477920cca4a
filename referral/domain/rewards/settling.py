"""What the provider's answer means for a reward: granted, taken back, failed, or stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select

from referral.domain.businesses import across_businesses
from referral.domain.businesses.audit import SYSTEM
from referral.domain.businesses.providers import beside_on_account
from referral.domain.rewards import store_credit
from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.choosing import await_choice
from referral.domain.rewards.clawback import owe_instead, settle_debit, take_what_is_due
from referral.domain.rewards.gifts import give_code, take_code_back
from referral.domain.rewards.giving_on import donate, withdraw_donation
from referral.domain.rewards.grants import Asked, Done, Grant, GrantState, Waiting
from referral.domain.rewards.holds import HoldKind, place_hold
from referral.domain.rewards.lapsing import begin_to_lapse
from referral.domain.rewards.ledger import Account, Movement, transfer
from referral.domain.rewards.moving import lock, move
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.recognition import thank
from referral.domain.rewards.releasing import end
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session

OURS: dict[Operation, Callable[..., Done | None]] = {
    Operation.THANKS: thank,
    Operation.GIFT_CODE: give_code,
    Operation.GIFT_RETURN: take_code_back,
    Operation.DONATION: donate,
    Operation.DONATION_WITHDRAWAL: withdraw_donation,
    Operation.STORE_CREDIT: store_credit.give,
    Operation.STORE_DEBIT: store_credit.take,
}
"""Who does what nobody outside is asked for; called in the transaction that settles it.

A taking returns None when it cannot be done, and then it stands as a debt.
"""


def settle(grant: Grant, done: Done, *, at: datetime) -> bool:
    """Write down that the act is done, with the provider's object id (I-22).

    Returns False, with the reward held for somebody to look at, when the answer is not what was
    asked for (F-10).
    """
    reward = lock(grant.reward)
    if grant.state == GrantState.DONE:
        return True
    if not _is_what_was_asked(grant, done):
        _stop(grant, reward, done, at=at)
        return False
    grant.state, grant.settled_at, grant.waits_for = GrantState.DONE, at, None
    grant.object_id, grant.details = done.object_id, done.details
    session.flush()
    if grant.takes:
        settle_debit(reward, grant, at=at)
    else:
        _grant(reward, at=at)
        if ends_at := (done.details or {}).get("expires_at"):
            begin_to_lapse(reward, datetime.fromtimestamp(ends_at, UTC))
    return True


def do_ourselves(grant: Grant, *, at: datetime) -> None:
    """Give or take, in the open transaction, what we keep ourselves: settled as soon as it is done.

    Raises NotReady when it must wait, and NotNeeded when the reward has ended.
    """
    if grant.operation == Operation.CHOICE:
        await_choice(grant, at=at)
        return
    left_minor = None
    if grant.operation == Operation.STORE_DEBIT:
        lock(grant.reward)
        left_minor = store_credit.left_to_take(grant)
        if not left_minor:
            owe_all(grant, at=at)
            return
    prepare(grant, Asked("", left_minor), at=at)
    done = OURS[Operation(grant.operation)](grant, at=at)
    if done is None:
        owe_all(grant, at=at)
    else:
        settle(grant, done, at=at)


def fail(grant: Grant, reason: str, *, at: datetime) -> None:
    """Write down that the provider refused for good, so nothing exists outside (F-11)."""
    reward = lock(grant.reward)
    grant.state, grant.settled_at, grant.proof = GrantState.FAILED, at, reason[:400]
    session.flush()
    if grant.takes and reward.outstanding_minor:
        owe_instead(reward, at=at)
    elif reward.state == RewardState.GRANTING:
        end(reward, RewardState.FAILED, reason=reason, actor=SYSTEM, at=at)


def owe_all(grant: Grant, *, at: datetime) -> None:
    """Close a taking without doing it: nothing is left to take, so it stands as a debt."""
    fail(grant, "Nothing was left to take back.", at=at)


def _grant(reward: Reward, *, at: datetime) -> None:
    move(reward, RewardState.GRANTED, actor=SYSTEM, reason="Granted.", at=at)
    transfer(
        reward,
        Movement.GRANT,
        source=Account.PAYABLE,
        lines={Account.GRANTED: reward.payable_minor},
        at=at,
    )
    take_what_is_due(reward, at=at)


def _is_what_was_asked(grant: Grant, done: Done) -> bool:
    asked = grant.parameters or {}
    if done.recipient != asked.get("customer") or _is_anothers(grant, done.object_id):
        return False
    if not grant.has_amount:
        return True
    return done.amount_minor == asked["amount"] and done.currency == grant.currency


def _is_anothers(grant: Grant, object_id: str) -> bool:
    """Tell whether another act made an object, of this business or of one on the same account."""
    sharing = [grant.business_id, *beside_on_account(grant.business_id)]
    query = select(Grant.id).where(
        Grant.business_id.in_(sharing), Grant.object_id == object_id, Grant.id != grant.id
    )
    return session.scalar(query.limit(1).execution_options(**across_businesses())) is not None


def _stop(grant: Grant, reward: Reward, done: Done, *, at: datetime) -> None:
    grant.waits_for = Waiting.WRONG_ANSWER
    place_hold(
        reward,
        HoldKind.WRONG_ANSWER,
        reason=f"The provider's object {done.object_id} is not what was asked for.",
        actor=SYSTEM,
        at=at,
        cause=f"answer:{grant.id}",
        in_states=(RewardState.GRANTING, RewardState.GRANTED),
    )
