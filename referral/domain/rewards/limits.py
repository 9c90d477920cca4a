"""The budget and the person's cap: both are taken before a reward is promised (I-25 to I-27)."""

from __future__ import annotations

from datetime import datetime

from referral.domain.businesses.audit import SYSTEM
from referral.domain.programs import Kind, Program, reserve, return_to_budget
from referral.domain.rewards import allowances
from referral.domain.rewards.ledger import Account, fund, transfer
from referral.domain.rewards.rewards import Reward, RewardState, begin
from referral.foundation.db import session

BUDGET_REACHED = "budget_reached"
CAP_REACHED = "cap_reached"


def begin_within_limits(reward: Reward, *, at: datetime, why: str = "earned") -> None:
    """Reserve the amount and begin the reward; a refusal is kept and can be seen (I-27).

    Who must approve it is settled here, by the program as it is today. A discount never waits for
    anybody: it is worth nothing until the friend pays.
    """
    if not reward.is_restored and reward.kind != Kind.DISCOUNT:
        program = session.get_one(Program, reward.program_id)
        reward.approvals_needed = program.approvals_for(reward.amount_minor)
    refused = refused_limit(reward, reward.amount_minor)
    if refused is not None:
        reward.state, reward.reason = RewardState.CANCELLED, refused
        reward.due_at, reward.settled_at = None, at
        begin(reward, actor=SYSTEM, reason=refused, at=at)
        return
    begin(reward, actor=SYSTEM, reason=why, at=at)
    if not reward.amount_minor:
        return  # The worth of a rate is known once it is used.
    fund(reward.program, needed_minor=reward.amount_minor, at=at)
    transfer(
        reward,
        "reserve",
        source=Account.BUDGET,
        lines={Account.RESERVED: reward.amount_minor},
        at=at,
    )


def refused_limit(reward: Reward, amount_minor: int) -> str | None:
    """Take an amount of the budget and the person's cap, or return which of them is reached."""
    if not reserve(reward.program_id, amount_minor):
        return BUDGET_REACHED
    allowed = allowances.take(
        reward.business_id,
        reward.program_id,
        reward.person_id,
        amount_minor=amount_minor,
        cap_minor=reward.offer.person_cap_minor,
    )
    if not allowed:
        return_to_budget(reward.program_id, amount_minor)
        return CAP_REACHED
    return None
