"""How a business is connected to its payment provider; secrets are sealed, never shown again."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses.ownership import Owned
from referral.foundation.crypto import seal, unseal
from referral.foundation.db import Key, Long, Model, Moment, session
from referral.foundation.errors import Invalid


class StripeConnection(Owned, Model):
    """A business's Stripe account: its key and webhook secret, sealed."""

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    sealed_key: Mapped[Long]
    sealed_webhook_secret: Mapped[Long]
    last_four: Mapped[str] = mapped_column(String(4))
    is_live: Mapped[bool]
    is_practice: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[Moment]

    @property
    def secret_key(self) -> str:
        return unseal(self.sealed_key)

    @property
    def webhook_secret(self) -> str:
        return unseal(self.sealed_webhook_secret)


def connect_stripe(
    business_id: uuid.UUID,
    *,
    secret_key: str,
    webhook_secret: str,
    at: datetime,
    is_practice: bool = False,
) -> StripeConnection:
    """Connect or reconnect a business to Stripe; raises Invalid for keys that cannot work."""
    secret_key, webhook_secret = secret_key.strip(), webhook_secret.strip()
    problems = {}
    if not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}", secret_key):
        problems["stripe_secret_key"] = (
            "A Stripe key starts with sk_test_, sk_live_, rk_test_ or rk_live_."
        )
    if not re.fullmatch(r"[\x21-\x7e]{1,250}", webhook_secret):
        problems["stripe_webhook_secret"] = "Give the signing secret of the webhook endpoint."
    if problems:
        raise Invalid(fields=problems)
    connection = session.scalar(
        select(StripeConnection).where(StripeConnection.business_id == business_id)
    )
    if connection is None:
        connection = StripeConnection(business_id=business_id)
        session.add(connection)
    connection.sealed_key = seal(secret_key)
    connection.sealed_webhook_secret = seal(webhook_secret)
    connection.last_four = secret_key[-4:]
    connection.is_live = "_live_" in secret_key
    connection.is_practice = is_practice
    connection.changed_at = at
    return connection
