"""How a business is connected to its payment provider; secrets are sealed, never shown again."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text, and_, or_, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from referral.domain.businesses.ownership import Owned, across_businesses
from referral.foundation.crypto import seal, unseal
from referral.foundation.db import Key, Long, Model, Moment, UTCDateTime, session
from referral.foundation.errors import Invalid


class StripeConnection(Owned, Model):
    """A business's Stripe account: its key and webhook secret, sealed.

    `account_id` is the provider's own id of the account, as far as it was asked. The webhook
    secret before is taken as well until `secret_before_until`. At `refused_at` several events in
    a row were signed with neither.
    """

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    sealed_key: Mapped[Long]
    sealed_webhook_secret: Mapped[Long]
    last_four: Mapped[str] = mapped_column(String(4))
    is_live: Mapped[bool]
    is_practice: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[Moment]
    account_id: Mapped[str | None] = mapped_column(String(100), default=None)
    sealed_secret_before: Mapped[str | None] = mapped_column(Text, default=None, sort_order=10)
    secret_before_until: Mapped[datetime | None] = mapped_column(
        UTCDateTime, default=None, sort_order=10
    )
    refused_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=10)

    @property
    def secret_key(self) -> str:
        return unseal(self.sealed_key)

    @property
    def webhook_secret(self) -> str:
        return unseal(self.sealed_webhook_secret)

    @property
    def secret_before(self) -> str | None:
        return unseal(self.sealed_secret_before) if self.sealed_secret_before else None


def check_keys(secret_key: str, webhook_secret: str) -> None:
    """Raise Invalid for a key or signing secret that cannot be one of Stripe's."""
    problems = {}
    if not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}", secret_key):
        problems["stripe_secret_key"] = (
            "A Stripe key starts with sk_test_, sk_live_, rk_test_ or rk_live_: copy it whole."
        )
    if not re.fullmatch(r"[\x21-\x7e]{1,250}", webhook_secret):
        problems["stripe_webhook_secret"] = "Give the signing secret of the webhook endpoint."
    if problems:
        raise Invalid(fields=problems)


def connection_of(business_id: uuid.UUID) -> StripeConnection | None:
    """Return how a business is connected to Stripe, if it is."""
    query = select(StripeConnection).where(StripeConnection.business_id == business_id)
    return session.scalar(query)


def beside_on_account(business_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the other businesses that are known to be connected to the same Stripe account.

    Known by the account's id; where Stripe was not asked for it, by the key itself. What two
    accounts hold has nothing to do with each other, whatever it is called there.
    """
    own, other = aliased(StripeConnection), aliased(StripeConnection)
    query = (
        select(own, other)
        .join(other, and_(other.business_id != own.business_id, other.is_live == own.is_live))
        .where(own.business_id == business_id)
        .where(or_(other.account_id == own.account_id, other.last_four == own.last_four))
        .execution_options(**across_businesses())
    )
    return [two.business_id for one, two in session.execute(query) if _is_same_account(one, two)]


def _is_same_account(one: StripeConnection, other: StripeConnection) -> bool:
    if one.account_id and other.account_id:
        return one.account_id == other.account_id
    return one.secret_key == other.secret_key


def connect_stripe(
    business_id: uuid.UUID,
    *,
    secret_key: str,
    webhook_secret: str,
    at: datetime,
    is_practice: bool = False,
    account_id: str | None = None,
    both_for: timedelta = timedelta(0),
) -> StripeConnection:
    """Connect or reconnect a business to Stripe; raises Invalid for keys that cannot work.

    `account_id` is whose key it is, or None where Stripe was not asked. When the webhook secret
    changes, and the account does not, the one before is taken too, `both_for` so long (F-55).
    """
    secret_key, webhook_secret = secret_key.strip(), webhook_secret.strip()
    check_keys(secret_key, webhook_secret)
    is_live = "_live_" in secret_key
    connection = connection_of(business_id)
    if connection is None:
        connection = StripeConnection(business_id=business_id)
        session.add(connection)
    elif webhook_secret != connection.webhook_secret:
        is_same_place = (connection.account_id, connection.is_live) == (account_id, is_live)
        _keep_before(connection, at + both_for if both_for and is_same_place else None)
    connection.sealed_key = seal(secret_key)
    connection.sealed_webhook_secret = seal(webhook_secret)
    connection.refused_at = None
    connection.last_four = secret_key[-4:]
    connection.is_live = is_live
    connection.is_practice = is_practice
    connection.account_id = account_id
    connection.changed_at = at
    return connection


def note_refused(business_id: uuid.UUID, *, at: datetime) -> None:
    """Note that events in a row were signed with another secret than this business's (F-56)."""
    session.execute(
        update(StripeConnection)
        .where(StripeConnection.business_id == business_id)
        .values(refused_at=at)
        .execution_options(synchronize_session=False)
    )


def _keep_before(connection: StripeConnection, until: datetime | None) -> None:
    connection.sealed_secret_before = connection.sealed_webhook_secret if until else None
    connection.secret_before_until = until
