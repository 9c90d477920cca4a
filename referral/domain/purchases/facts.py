"""What a provider or a business told us about money, in our own words and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody at the provider says they are; anything may be missing."""

    customer_id: str | None = None
    email: str | None = None
    name: str | None = None
    external_id: str | None = None
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerFact:
    """A customer exists, or a checkout told us who a customer is.

    `known_since` is when the provider first knew them, if that was well before this news.
    """

    claim: Claim
    at: datetime
    known_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PurchaseFact:
    """Money was paid: `gross_minor` is what was really paid, `tax_minor` the tax in it.

    `keys` are the provider's own ids of this money (invoice, payment, charge, session): one of
    them known already means the same purchase. `is_renewal` says that a subscription went on: its
    first payment is none.
    """

    claim: Claim
    keys: tuple[str, ...]
    gross_minor: int
    tax_minor: int
    currency: str
    occurred_at: datetime
    is_renewal: bool = False

    @property
    def base_minor(self) -> int:
        """Return what a reward is computed from: what was really paid, less tax."""
        return max(0, self.gross_minor - self.tax_minor)


@dataclass(frozen=True, slots=True)
class SameMoney:
    """Several of the provider's ids are of one payment, which another piece of news tells.

    Where it may be a payment that nobody tells of here, such as another business's, `may_be_none`
    says so: it is not waited for as long.
    """

    keys: tuple[str, ...]
    may_be_none: bool = False


@dataclass(frozen=True, slots=True)
class RefundFact:
    """Money went back. A charge tells the cumulative amount, a refund tells its own.

    Of the cumulative amount, `own_minor` was given back by us as a reward.
    """

    keys: tuple[str, ...]
    at: datetime
    total_minor: int | None = None
    refund_id: str | None = None
    amount_minor: int = 0
    has_failed: bool = False
    own_minor: int = 0


@dataclass(frozen=True, slots=True)
class CameBack:
    """What we gave somebody by an object at the provider has failed there after all.

    `grant_key` is the idempotency key of the act that made it, as its metadata says.
    """

    object_id: str
    grant_key: str | None = None


class DisputeOutcome(StrEnum):
    """How a dispute stands; a closed one does not open again."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DisputeFact:
    """A customer's bank disputes a charge, or has decided.

    One in another currency than the purchase counts for all of it: two are never added.
    """

    keys: tuple[str, ...]
    dispute_id: str
    amount_minor: int
    outcome: DisputeOutcome
    at: datetime
    currency: str | None = None
