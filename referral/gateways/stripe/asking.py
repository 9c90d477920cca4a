"""Who asks: one business's key, and where it is sent. What may be asked stands in the modules."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from referral.gateways.stripe.client import client_for

if TYPE_CHECKING:
    from stripe import StripeClient

LONGEST_LIST = 100
"""The most that Stripe lists at a time."""


@dataclass(frozen=True)
class Asking:
    """The account of one business, by its key; `api_base` is empty for Stripe itself."""

    business_id: uuid.UUID
    secret_key: str = field(repr=False)
    api_base: str = ""

    @property
    def _client(self) -> StripeClient:
        return client_for(self.secret_key, api_base=self.api_base)
