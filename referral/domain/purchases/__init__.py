"""What people paid, what went back, and what is disputed; knows nothing of rewards."""

from referral.domain.purchases.doubles import (
    PaymentUnclear,
    bare_payments,
    payments_like,
    refuse_what_may_be_known,
)
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
    payer_of,
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
    "PaymentUnclear",
    "Purchase",
    "PurchaseFact",
    "Refund",
    "RefundFact",
    "SameMoney",
    "bare_payments",
    "find_purchase",
    "is_known",
    "join_keys",
    "open_disputes",
    "payer_of",
    "payments_like",
    "purchases_of",
    "reassign",
    "record_dispute",
    "record_purchase",
    "record_refund",
    "refuse_what_may_be_known",
]
