"""The budget and the caps: all are taken before a reward is promised (I-25 to I-27)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from referral.domain.businesses import Actor, Business
from referral.domain.businesses.audit import SYSTEM
from referral.domain.people import Person
from referral.domain.programs import (
    Kind,
    Offer,
    Program,
    Trigger,
    reserve,
    return_to_budget,
    room_minor,
)
from referral.domain.rewards import allowances
from referral.domain.rewards.allowances import Scope
from referral.domain.rewards.ledger import Account, Movement, fund, transfer
from referral.domain.rewards.moving import begin
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.calendar import day_of, next_day, next_month
from referral.foundation.db import session

BUDGET_REACHED = "budget_reached"
CAP_REACHED = "cap_reached"
DAY_CAP_REACHED = "day_cap_reached"
MONTH_CAP_REACHED = "month_cap_reached"
HOUSEHOLD_CAP_REACHED = "household_cap_reached"
CAPS: Mapping[Scope, str] = {
    Scope.PERSON: CAP_REACHED,
    Scope.DAY: DAY_CAP_REACHED,
    Scope.MONTH: MONTH_CAP_REACHED,
    Scope.HOUSEHOLD: HOUSEHOLD_CAP_REACHED,
}
LIMITS = frozenset({BUDGET_REACHED, *CAPS.values()})
"""Every reason a limit gives for refusing a reward."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that does not hold one more reward: which, how high, and when it opens again."""

    reason: str
    cap_minor: int | None
    opens_at: datetime | None


def begin_within_limits(
    reward: Reward, *, at: datetime, why: str = "earned", actor: Actor = SYSTEM
) -> None:
    """Reserve the amount and begin the reward; a refusal is kept and can be seen (I-27).

    Who must approve it and what it is counted under is settled here, by the program and the person
    as they are today; what takes another's place keeps what that one had. A discount for a signup
    never waits for anybody: it is worth nothing until the friend pays.
    """
    if not reward.counted_on:
        _settle_rules(reward)
    refused = refused_limit(reward, reward.amount_minor)
    if refused is not None:
        reward.state, reward.reason = RewardState.CANCELLED, refused
        reward.due_at, reward.settled_at = None, at
        begin(reward, actor=SYSTEM, reason=refused, at=at)
        return
    begin(reward, actor=actor, reason=why, at=at)
    if not reward.amount_minor:
        return  # The worth of a rate is known once it is used.
    fund(reward.program, needed_minor=reward.amount_minor, at=at)
    transfer(
        reward,
        Movement.RESERVE,
        source=Account.BUDGET,
        lines={Account.RESERVED: reward.amount_minor},
        at=at,
    )


def refused_limit(reward: Reward, amount_minor: int) -> str | None:
    """Take an amount of the budget and every cap, or return which of them is reached."""
    if not reserve(reward.program_id, amount_minor):
        return BUDGET_REACHED
    full = allowances.take(reward, amount_minor)
    if full is None:
        return None
    return_to_budget(reward.program_id, amount_minor)
    return CAPS[full]


def take_again(reward: Reward, amount_minor: int, *, into: Account, at: datetime) -> bool:
    """Take a part of a reward that had been released from the budget once more, within limits."""
    if refused_limit(reward, amount_minor) is not None:
        return False
    fund(reward.program, needed_minor=amount_minor, at=at)
    lines = {into: amount_minor}
    transfer(reward, Movement.RELEASE, source=Account.BUDGET, lines=lines, at=at)
    return True


def opens_at(reason: str | None, day: str, zone: str) -> datetime | None:
    """Return when a limit reached on a day opens again by itself; None when it does not."""
    if reason == DAY_CAP_REACHED:
        return next_day(day, zone)
    return next_month(day, zone) if reason == MONTH_CAP_REACHED else None


def limits_reached(
    program: Program, offer: Offer, taken: Mapping[Scope, int], *, day: str, zone: str
) -> list[Reached]:
    """List the limits that do not hold one more reward of an offer, the budget first.

    A rate needs that anything is left at all. What costs a program nothing meets no limit.
    """
    needed = _needed(offer)
    if not needed:
        return []
    reached = [] if budget_holds(program, offer) else [Reached(BUDGET_REACHED, None, None)]
    for scope, reason in CAPS.items():
        cap: int | None = getattr(offer, f"{scope}_cap_minor")
        if cap is not None and cap - taken.get(scope, 0) < needed:
            reached.append(Reached(reason, cap, opens_at(reason, day, zone)))
    return reached


def budget_holds(program: Program, offer: Offer) -> bool:
    """Tell whether the budget holds one more reward of an offer, whoever gets it."""
    return room_minor(program) >= _needed(offer)


def limits_of(program: Program, offer: Offer, person: Person, *, at: datetime) -> list[Reached]:
    """List the limits that do not hold one more reward for a person now; one query."""
    zone = program.business.time_zone
    day = day_of(at, zone)
    counts = allowances.counts_on(person.id, allowances.household_of(person), day)
    taken = allowances.taken_by(program.id, counts)
    return limits_reached(program, offer, taken, day=day, zone=zone)


def _needed(offer: Offer) -> int:
    """Return the least one more reward takes of a budget; words take nothing.

    Nor does a discount by a share, whose worth is known once it is used.
    """
    if offer.amount_minor is None and offer.rate_bp is None:
        return 0
    return 0 if offer.gives_share_off else offer.amount_minor or 1


def _settle_rules(reward: Reward) -> None:
    program = session.get_one(Program, reward.program_id)
    zone = session.get_one(Business, reward.business_id).time_zone
    reward.counted_on = day_of(reward.earned_at, zone)
    reward.household = allowances.household_of(reward.person)
    if reward.kind != Kind.DISCOUNT or reward.offer.trigger != Trigger.SIGNUP:
        least = 1 if reward.offer.own_words else 0
        reward.approvals_needed = max(least, program.approvals_for(reward.amount_minor))
