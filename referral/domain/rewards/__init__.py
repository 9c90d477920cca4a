"""What people are owed and got, why, and where every unit of it is; knows no provider."""

from referral.domain.rewards.clawback import claw_back
from referral.domain.rewards.credit import CreditBalance, CreditEntry, CreditLot
from referral.domain.rewards.earning import earn_by_purchase, earn_by_signup
from referral.domain.rewards.grants import Grant
from referral.domain.rewards.holds import Hold, HoldRelease, place_hold, release_holds
from referral.domain.rewards.ledger import Account, LedgerAccount, LedgerEntry, LedgerTransaction
from referral.domain.rewards.moving import RewardMove
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.redemptions import (
    Redemption,
    RedemptionReversal,
    redeem,
    reverse,
)
from referral.domain.rewards.rewards import Reward, rewards_of
from referral.domain.rewards.ripening import approve, deny, ripen
from referral.domain.rewards.states import RewardState

__all__ = [
    "Account",
    "CreditBalance",
    "CreditEntry",
    "CreditLot",
    "Grant",
    "Hold",
    "HoldRelease",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "Operation",
    "Redemption",
    "RedemptionReversal",
    "Reward",
    "RewardMove",
    "RewardState",
    "approve",
    "claw_back",
    "deny",
    "earn_by_purchase",
    "earn_by_signup",
    "place_hold",
    "redeem",
    "release_holds",
    "reverse",
    "rewards_of",
    "ripen",
]
