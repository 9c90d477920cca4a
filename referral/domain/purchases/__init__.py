"""What people paid, what went back, and what is disputed; knows nothing of rewards."""

from referral.domain.purchases.facts import (
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    PurchaseFact,
    RefundFact,
    SameMoney,
)
from referral.domain.purchases.purchases import (
    Dispute,
    Purchase,
    Refund,
    find_purchase,
    is_known,
    join_keys,
    open_disputes,
    purchases_of,
    reassign,
    record_dispute,
    record_purchase,
    record_refund,
)

__all__ = [
    "Claim",
    "CustomerFact",
    "Dispute",
    "DisputeFact",
    "DisputeOutcome",
    "Purchase",
    "PurchaseFact",
    "Refund",
    "RefundFact",
    "SameMoney",
    "find_purchase",
    "is_known",
    "join_keys",
    "open_disputes",
    "purchases_of",
    "reassign",
    "record_dispute",
    "record_purchase",
    "record_refund",
]
