"""What people paid, what went back, and what is disputed; knows nothing of rewards."""

from referral.domain.purchases.facts import (
    CameBack,
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    PurchaseFact,
    RefundFact,
    SameMoney,
)
from referral.domain.purchases.money_back import (
    Dispute,
    Refund,
    open_disputes,
    record_dispute,
    record_refund,
)
from referral.domain.purchases.purchases import (
    Purchase,
    find_purchase,
    is_known,
    join_keys,
    may_be_an_invoice,
    payer_of,
    payments_like,
    purchases_of,
    reassign,
    record_purchase,
)

__all__ = [
    "CameBack",
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
    "may_be_an_invoice",
    "open_disputes",
    "payer_of",
    "payments_like",
    "purchases_of",
    "reassign",
    "record_dispute",
    "record_purchase",
    "record_refund",
]
