"""Where a reward stands, and where it may go from there; none of the ways leads back (I-19)."""

from enum import StrEnum


class RewardState(StrEnum):
    """Where a reward stands; none of them leads back."""

    PENDING = "pending"
    APPROVED = "approved"
    GRANTING = "granting"
    GRANTED = "granted"
    REVERSED = "reversed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


MOVES: dict[RewardState, frozenset[RewardState]] = {
    RewardState.PENDING: frozenset(
        {RewardState.APPROVED, RewardState.DENIED, RewardState.CANCELLED, RewardState.EXPIRED}
    ),
    RewardState.APPROVED: frozenset(
        {RewardState.GRANTING, RewardState.DENIED, RewardState.CANCELLED, RewardState.EXPIRED}
    ),
    RewardState.GRANTING: frozenset({RewardState.GRANTED, RewardState.FAILED}),
    RewardState.GRANTED: frozenset({RewardState.REVERSED}),
}
