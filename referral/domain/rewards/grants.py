"""Grants: each external act for a reward, stored with its key before it is done (I-5, I-6)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned, across_businesses
from referral.domain.people import who_shares_customers
from referral.domain.rewards.operations import (
    ALONE,
    AT_BUSINESS,
    OURS,
    TAKING,
    WITHOUT_AMOUNT,
    Operation,
)
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import (
    Currency,
    Json,
    Key,
    Minor,
    Model,
    Moment,
    Short,
    UTCDateTime,
    one_of,
    session,
    whole_minor,
)
from referral.foundation.due import Due
from referral.foundation.errors import Conflict
from referral.foundation.ids import public_id

KEY_LIVES = timedelta(hours=23)
"""How long the provider surely remembers an idempotency key: Stripe prunes them after 24 h."""


class GrantState(StrEnum):
    """Where the act stands; `sending` means its outcome is not known yet."""

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    REPLACED = "replaced"


OPEN = (GrantState.WAITING, GrantState.SENDING)


class Waiting(StrEnum):
    """What a grant waits for, shown to staff and in part to the person."""

    HELD = "held"
    NO_CUSTOMER = "no_customer"
    CUSTOMER_GONE = "customer_gone"
    OTHER_CURRENCY = "other_currency"
    NO_SUBSCRIPTION = "no_subscription"
    NO_PAYMENT = "no_payment"
    NOT_CONNECTED = "not_connected"
    PROVIDER_DOWN = "provider_down"
    MISCONFIGURED = "misconfigured"
    REFUSED = "refused"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WRONG_ANSWER = "wrong_answer"
    RECOVERING = "recovering"
    OUT_OF_STOCK = "out_of_stock"
    CHOICE = "choice"
    NO_CHARITY = "no_charity"
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
    def still_waits_for(self) -> str | None:
        """Return what it waits for; nothing any more once it is settled."""
        return self.waits_for if self.state in OPEN else None

    @property
    def found_as(self) -> str | None:
        """Return what its object is called where it lies; None where the act left none.

        One of no object bears this act's own id, and one that many acts change bears it at its end.
        """
        if self.object_id in (None, self.public_id):
            return None
        return str(self.object_id).removesuffix(f":{self.public_id}")

    @property
    def is_alone(self) -> bool:
        """Tell whether no other of its kind may change what it rests on while it is prepared."""
        return self.operation in ALONE

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
    """For whom an act is at the provider and what else it needs; `left_minor` bounds a taking."""

    recipient: str
    left_minor: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


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


def open_grant(reward: Reward) -> Grant | None:
    """Return the act that is under way for a reward, if any."""
    query = select(Grant).where(Grant.reward_id == reward.id, Grant.state.in_(OPEN))
    return session.scalars(query.order_by(Grant.id.desc()).limit(1)).first()


def grants_of(reward: Reward) -> list[Grant]:
    """List every act for a reward, the first first."""
    return list(
        session.scalars(select(Grant).where(Grant.reward_id == reward.id).order_by(Grant.id))
    )


def acts_beside(grant: Grant) -> dict[uuid.UUID, str]:
    """Return the other acts of this kind for the same customers, with how each stands.

    While this changes, what was read before is not sure.
    """
    whose = who_shares_customers(grant.reward.person)
    query = (
        select(Grant.id, Grant.state)
        .join(Reward, Reward.id == Grant.reward_id)
        .where(Reward.person_id.in_(whose), Grant.operation.in_(_moves_the_same(grant)))
        .where(Grant.id != grant.id, Grant.state.in_((GrantState.SENDING, GrantState.DONE)))
        .execution_options(**across_businesses())
    )
    return {key: state for key, state in session.execute(query)}


def given_back_of(payments: Collection[str], *, by: Collection[uuid.UUID]) -> int:
    """Return how much of a payment businesses gave back as rewards, or may have, in minor units."""
    query = select(func.coalesce(func.sum(Grant.amount_minor), 0)).where(
        Grant.business_id.in_(by),
        Grant.operation == Operation.REFUND,
        Grant.state.in_((GrantState.SENDING, GrantState.DONE)),
        Grant.parameters["payment"].as_string().in_(payments),
    )
    return int(session.scalars(query.execution_options(**across_businesses())).one())


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
