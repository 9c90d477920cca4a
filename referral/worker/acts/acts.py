"""Which act does which operation."""

from __future__ import annotations

from referral.domain.rewards import Operation
from referral.worker.acts import balance, codes, payouts, periods, refunds
from referral.worker.acts.act import Act

_ACTS: dict[Operation, Act] = {
    Operation.CREDIT: balance.Credit(),
    Operation.DEBIT: balance.Debit(),
    Operation.PROMOTION_CODE: codes.PromotionCode(),
    Operation.WITHDRAWAL: codes.Withdrawal(),
    Operation.EXTENSION: periods.Extension(),
    Operation.SHORTENING: periods.Shortening(),
    Operation.REFUND: refunds.Refund(),
    Operation.TRANSFER: payouts.Transfer(),
    Operation.REVERSAL: payouts.Reversal(),
}


def act_of(operation: str) -> Act:
    """Return what does an operation at the provider."""
    return _ACTS[Operation(operation)]
