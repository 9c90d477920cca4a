"""Grants: each external act for a reward, stored with its key before it is done (I-5, I-6).

The worker prepares a grant (commit), sends it with no transaction open, and settles the answer
(commit). A second attempt is opened only with proof that the first left nothing outside.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    case,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards.operations import AT_BUSINESS, OURS, TAKING, WITHOUT_AMOUNT, Operation
from referral.domain.rewards.rewards import Reward, RewardState, lock, move
from referral.foundation.db import (
    Currency,
    Json,
    Key,
    Minor,
    Model,
    Moment,
    Short,
    UTCDateTime,
    changed,
    one_of,
    session,
    whole_minor,
)
from referral.foundation.due import Due
from referral.foundation.errors import Conflict
from referral.foundation.ids import public_id

KEY_LIVES = timedelta(hours=23)
"""How long the provider surely remembers an idempotency key: Stripe prunes them after 24 h."""

UNNEEDED = "It was not needed any more."


class GrantState(StrEnum):
    """Where the act stands; `sending` means its outcome is not known yet."""

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    REPLACED = "replaced"


_OPEN = (GrantState.WAITING, GrantState.SENDING)


class Waiting(StrEnum):
    """What a grant waits for, shown to staff and in part to the person."""

    HELD = "held"
    NO_CUSTOMER = "no_customer"
    OTHER_CURRENCY = "other_currency"
    NO_SUBSCRIPTION = "no_subscription"
    NO_PAYMENT = "no_payment"
    NOT_CONNECTED = "not_connected"
    PROVIDER_DOWN = "provider_down"
    MISCONFIGURED = "misconfigured"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WRONG_ANSWER = "wrong_answer"
    RECOVERING = "recovering"
    OUT_OF_STOCK = "out_of_stock"
    CHOICE = "choice"
    NO_PAYEE = "no_payee"
    PAYEE_NOT_READY = "payee_not_ready"
    BELOW_MINIMUM = "below_minimum"
    BALANCE = "balance"
    FORM_MISSING = "form_missing"
    NO_ENDPOINT = "no_endpoint"
    ENDPOINT_AWAY = "endpoint_away"
    ENDPOINT_REFUSES = "endpoint_refuses"
    CONFIRMATION = "confirmation"


class Grant(Owned, Due, Model):
    """One act for a reward. `parameters` and `idempotency_key` are frozen before the first send.

    `gathered_at` is when enough had gathered with it to reach the smallest payout.
    """

    __table_args__ = (
        UniqueConstraint("reward_id", "operation", "attempt"),
        UniqueConstraint("business_id", "object_id"),
        UniqueConstraint("idempotency_key"),
        one_of("operation", Operation),
        one_of("state", GrantState),
        Index(None, "business_id", "state"),
        *whole_minor("amount_minor"),
    )
    prefix: ClassVar[str] = "grt"

    id: Mapped[Key]
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    operation: Mapped[Short]
    attempt: Mapped[int]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    idempotency_key: Mapped[str] = mapped_column(String(200))
    state: Mapped[Short] = mapped_column(default=GrantState.WAITING)
    waits_for: Mapped[str | None] = mapped_column(String(40), default=None)
    parameters: Mapped[Json | None]
    first_sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    server_errors: Mapped[int] = mapped_column(default=0)
    object_id: Mapped[str | None] = mapped_column(String(100), default=None)
    details: Mapped[Json | None]
    proof: Mapped[str | None] = mapped_column(String(400), default=None)
    created_at: Mapped[Moment]
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    gathered_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=12)

    reward: Mapped[Reward] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def takes(self) -> bool:
        """Tell whether it takes back what another act gave."""
        return self.operation in TAKING

    @property
    def is_ours(self) -> bool:
        """Tell whether we do it ourselves, with nobody outside to ask."""
        return self.operation in OURS

    @property
    def is_at_business(self) -> bool:
        """Tell whether the business's own server does it, and no provider."""
        return self.operation in AT_BUSINESS

    @property
    def has_amount(self) -> bool:
        """Tell whether its object has an amount, so that the answer can be compared."""
        return self.operation not in WITHOUT_AMOUNT

    def is_key_old(self, at: datetime) -> bool:
        """Tell whether the provider may have forgotten the key, so that we must look first."""
        return self.first_sent_at is not None and at >= self.first_sent_at + KEY_LIVES


@dataclass(frozen=True, slots=True)
class Done:
    """What the provider answered, or what was found there; `recipient` is whoever got it."""

    object_id: str
    amount_minor: int
    currency: str
    recipient: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom an act is at the provider and what else it needs; `left_minor` bounds a taking.

    One that `is_alone` rests on what was read: no other of its kind may change that meanwhile.
    """

    recipient: str
    left_minor: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    is_alone: bool = False


class NotNeeded(Exception):
    """Things changed before anything was sent, so nothing is to be done outside."""


class NothingWaits(Conflict):
    """No act of the reward is under way."""

    code = "nothing_waits"
    message = "Nothing of this reward waits at the provider."


class NotReady(Exception):
    """The grant must wait for something; nothing was sent."""

    def __init__(self, waits_for: Waiting) -> None:
        self.waits_for = waits_for
        super().__init__(waits_for)


def plan_grant(
    reward: Reward,
    operation: Operation,
    *,
    amount_minor: int,
    at: datetime,
    proof: str | None = None,
) -> Grant:
    """Write down the next act for a reward, due at once."""
    latest = session.scalar(
        select(func.max(Grant.attempt)).where(
            Grant.reward_id == reward.id, Grant.operation == operation
        )
    )
    attempt = (latest or 0) + 1
    grant = Grant(
        business_id=reward.business_id,
        reward_id=reward.id,
        operation=operation,
        attempt=attempt,
        amount_minor=amount_minor,
        currency=reward.currency,
        idempotency_key=f"{reward.public_id}:{operation}:{attempt}",
        parameters=None,
        details=None,
        proof=proof,
        created_at=at,
        due_at=at,
    )
    session.add(grant)
    session.flush()
    return grant


def prepare(grant: Grant, asked: Asked, *, at: datetime) -> None:
    """Freeze what will be sent and say so in the reward's state; the claim refuses a held one.

    What is given is what the locked reward says, whatever the caller read before a refund came;
    what is taken is at most what is left to take. A grant that was prepared before keeps what was
    frozen then. Raises NotReady while the reward is held, NotNeeded when it has ended.
    """
    reward = lock(grant.reward)
    if grant.state == GrantState.SENDING:
        return
    if grant.state != GrantState.WAITING:
        raise NotNeeded
    _begin(grant, reward, at=at)
    if reward.netted_minor and not reward.payable_minor and not grant.takes:
        raise NotReady(Waiting.OUTCOME_UNKNOWN)  # A debt came meanwhile and takes all of it.
    parameters = {**asked.parameters, "customer": asked.recipient}
    if grant.takes:
        parameters["wanted"] = grant.amount_minor
        if asked.left_minor is not None:
            grant.amount_minor = min(grant.amount_minor, asked.left_minor)
    else:
        grant.amount_minor = reward.payable_minor
    grant.parameters = {**parameters, "amount": grant.amount_minor}
    grant.state, grant.waits_for, grant.first_sent_at = GrantState.SENDING, None, at
    session.flush()


def _begin(grant: Grant, reward: Reward, *, at: datetime) -> None:
    if grant.takes:
        if reward.state != RewardState.GRANTED:
            raise NotNeeded
    elif reward.state == RewardState.APPROVED:
        if reward.is_held:
            raise NotReady(Waiting.HELD)
        said = "The grant begins."
        move(reward, RewardState.GRANTING, actor=SYSTEM, reason=said, at=at, only_free=True)
    elif reward.state != RewardState.GRANTING:
        raise NotNeeded


def replace(grant: Grant, proof: str, *, at: datetime) -> Grant:
    """Open the next attempt, because a look-up proved that this one left nothing outside (I-6)."""
    grant.state, grant.settled_at, grant.proof = GrantState.REPLACED, at, proof[:400]
    session.flush()
    again = plan_grant(
        grant.reward,
        Operation(grant.operation),
        amount_minor=grant.amount_minor,
        at=at,
        proof=f"Attempt {grant.attempt} left nothing: {proof}"[:400],
    )
    again.gathered_at = grant.gathered_at
    session.flush()
    return again


def resize_grant(reward: Reward) -> None:
    """Have an act that was not sent yet ask for what the reward says now."""
    grant = open_grant(reward)
    if grant is None or grant.state != GrantState.WAITING:
        return
    if grant.takes:
        grant.amount_minor = min(grant.amount_minor, reward.outstanding_minor)
    else:
        grant.amount_minor = reward.payable_minor
    session.flush()


def drop(grant: Grant, *, at: datetime) -> None:
    """Close an act that is not needed any more and was never sent; one that is done stays done."""
    if grant.state == GrantState.DONE:
        return
    grant.state, grant.settled_at, grant.proof = (
        GrantState.FAILED,
        at,
        UNNEEDED,
    )


def drop_waiting(reward: Reward, *, at: datetime) -> None:
    """Close the acts of a reward that were never sent, because nothing is to be done any more."""
    session.execute(
        update(Grant)
        .where(Grant.reward_id == reward.id, Grant.state == GrantState.WAITING)
        .values(state=GrantState.FAILED, settled_at=at, due_at=None, proof=UNNEEDED)
        .execution_options(synchronize_session=False)
    )


def wake_waiting(reward: Reward, *, at: datetime) -> bool:
    """Have the act that is under way for a reward tried at once; False when there is none.

    Whoever works on it at this moment goes on; it is due again when they give it back.
    """
    return _wake(Grant.reward_id == reward.id, at=at, states=_OPEN) > 0


def wake_grants(person_id: uuid.UUID, *, at: datetime) -> None:
    """Have the waiting grants of a person tried at once: what they waited for may have come."""
    waiting = select(Reward.id).where(Reward.person_id == person_id)
    _wake(Grant.reward_id.in_(waiting), at=at)


def wake_waiting_for(waits_for: Waiting, *, at: datetime) -> None:
    """Have every grant of the business at work that waits for this tried at once."""
    _wake(Grant.waits_for == waits_for, at=at)


def _wake(
    *which: ColumnElement[bool],
    at: datetime,
    states: Collection[GrantState] = (GrantState.WAITING,),
) -> int:
    """Make acts due; what one waited for that was not sent yet is to be seen anew."""
    seen_anew = case((Grant.state == GrantState.SENDING, Grant.waits_for))
    woken = session.execute(
        update(Grant)
        .where(*which, Grant.state.in_(states), Grant.due_at.is_not(None))
        .values(due_at=at, attempts=0, dead_at=None, waits_for=seen_anew)
        .execution_options(synchronize_session=False)
    )
    return changed(woken)


def open_grant(reward: Reward) -> Grant | None:
    """Return the act that is under way for a reward, if any."""
    query = select(Grant).where(Grant.reward_id == reward.id, Grant.state.in_(_OPEN))
    return session.scalars(query.order_by(Grant.id.desc()).limit(1)).first()


def grants_of(reward: Reward) -> list[Grant]:
    """List every act for a reward, the first first."""
    return list(
        session.scalars(select(Grant).where(Grant.reward_id == reward.id).order_by(Grant.id))
    )


def acts_beside(grant: Grant) -> dict[uuid.UUID, str]:
    """Return the other acts of this kind for the same person, with how each stands.

    While this changes, what was read before is not sure.
    """
    query = (
        select(Grant.id, Grant.state)
        .join(Reward, Reward.id == Grant.reward_id)
        .where(
            Reward.person_id == grant.reward.person_id, Grant.operation.in_(_moves_the_same(grant))
        )
        .where(Grant.id != grant.id, Grant.state.in_((GrantState.SENDING, GrantState.DONE)))
    )
    return {key: state for key, state in session.execute(query)}


def given_back_of(payments: Collection[str]) -> int:
    """Return how much of a payment we gave back as rewards, or may have, in minor units."""
    query = select(func.coalesce(func.sum(Grant.amount_minor), 0)).where(
        Grant.operation == Operation.REFUND,
        Grant.state.in_((GrantState.SENDING, GrantState.DONE)),
        Grant.parameters["payment"].as_string().in_(payments),
    )
    return int(session.scalars(query).one())


def given_by(reward: Reward) -> Grant | None:
    """Return the act that gave a reward, if it is done."""
    query = select(Grant).where(
        Grant.reward_id == reward.id,
        Grant.operation.not_in(TAKING),
        Grant.state == GrantState.DONE,
    )
    return session.scalars(query.order_by(Grant.id.desc()).limit(1)).first()


def recipient_of(grant: Grant) -> str | None:
    """Return who has what a taking is to take back: who was credited or paid."""
    given = given_by(grant.reward)
    return given.parameters["customer"] if given and given.parameters else None


def _moves_the_same(grant: Grant) -> tuple[str, ...]:
    """Return the operations that change what this one rests on."""
    ends = (Operation.EXTENSION, Operation.SHORTENING)
    return ends if grant.operation in ends else (grant.operation,)
