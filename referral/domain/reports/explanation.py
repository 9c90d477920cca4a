"""Why a signup, a referral or a reward stands where it does: each gate with its evidence.

Reads only. The moment `at` decides what is still to come and what is over.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from referral.domain.attribution import Outcome, Reason, Referral, Signup
from referral.domain.programs import Offer, Side, Trigger
from referral.domain.purchases import Purchase
from referral.domain.reports import evidence
from referral.domain.reports.gates import (
    Evidence,
    Explanation,
    Gate,
    GateCode,
    GateName,
    GateState,
    completed,
)
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.earning import (
    EXISTING_CUSTOMER,
    NO_EXCHANGE_RATE,
    disqualified,
    offer_misses,
    reward_for,
)
from referral.domain.rewards.grants import Grant, GrantState, grants_of
from referral.domain.rewards.limits import LIMITS
from referral.domain.rewards.qualifying import qualification_of
from referral.domain.rewards.reissuing import can_be_reissued
from referral.domain.rewards.releasing import REFUNDED
from referral.domain.rewards.returning import CAME_BACK
from referral.domain.rewards.turns import EARLIER_PURCHASE
from referral.foundation.db import session

__all__ = [
    "Explanation",
    "Gate",
    "GateCode",
    "GateName",
    "GateState",
    "explain_referral",
    "explain_reward",
    "explain_signup",
]

PASSED, FAILED, WAITING = GateState.PASSED, GateState.FAILED, GateState.WAITING
_LEADS_NOWHERE = (Reason.UNREADABLE, Reason.UNKNOWN_CODE, Reason.UNKNOWN_NAME)
_NOT_QUALIFIED = (REFUNDED, EARLIER_PURCHASE, EXISTING_CUSTOMER)
_MOST_PURCHASES = 10


def explain_signup(signup: Signup, *, at: datetime) -> Explanation:
    """Explain a signup: what was weighed and, when it became a referral, how that one stands."""
    if signup.referral_id is None:
        return Explanation(signup.public_id, completed(_attribution(signup)))
    referral = signup.referral or session.get_one(Referral, signup.referral_id)
    return Explanation(signup.public_id, _from_referral(referral, at=at))


def explain_referral(referral: Referral, *, at: datetime) -> Explanation:
    """Explain a referral by the newest reward of its advocate, or by what is missing for one."""
    return Explanation(referral.public_id, _from_referral(referral, at=at))


def explain_reward(reward: Reward, *, at: datetime) -> Explanation:
    """Explain one reward from the first touch to the object at the provider."""
    referral = reward.referral
    gates = [*_referred(referral), *_earned(referral, reward.offer, reward)]
    return Explanation(reward.public_id, completed([*gates, *_given(reward, at=at)]))


def _from_referral(referral: Referral, *, at: datetime) -> tuple[Gate, ...]:
    offer = referral.advocate_offer or referral.friend_offer
    side = Side.ADVOCATE if referral.advocate_offer else Side.FRIEND
    reward = reward_for(referral.id, side)
    gates = _referred(referral)
    if offer is None:
        gates.append(Gate(GateName.QUALIFY, GateState.SKIPPED, GateCode.NOT_REACHED))
        gates.append(Gate(GateName.RULE, FAILED, GateCode.NO_OFFER))
    elif reward is None:
        gates += _not_earned(referral, offer, at=at)
    else:
        gates += [*_earned(referral, reward.offer, reward), *_given(reward, at=at)]
    return completed(gates)


def _referred(referral: Referral) -> list[Gate]:
    query = (
        select(Signup)
        .where(Signup.referral_id == referral.id, Signup.outcome == Outcome.REFERRED)
        .order_by(Signup.id)
        .limit(1)
    )
    return _attribution(session.scalars(query).one())


def _attribution(signup: Signup) -> list[Gate]:
    """Say whether there was a touch that leads to somebody, and whether it was credited."""
    seen = evidence.touches(signup)
    reason = signup.reason
    if not seen or all(facts["verdict"] in _LEADS_NOWHERE for _, facts in seen):
        return [Gate(GateName.TOUCH, FAILED, reason, at=signup.at, evidence=seen)]
    state = PASSED if signup.outcome == Outcome.REFERRED else FAILED
    rules = evidence.circumstances(signup)
    return [
        Gate(GateName.TOUCH, PASSED, GateCode.FOUND, at=signup.at, evidence=seen),
        Gate(GateName.MATCH, state, reason, at=signup.at, evidence=rules),
    ]


def _not_earned(referral: Referral, offer: Offer, *, at: datetime) -> list[Gate]:
    """Say why there is no reward yet: nothing bought, or nothing that counts."""
    is_over = at >= referral.qualify_by
    tried = _purchases(referral)
    judged = [(one, disqualified(referral, one)) for one in tried]
    shown = tuple(
        evidence.purchase(one, verdict or offer_misses(offer, one)) for one, verdict in judged
    )
    promise = (evidence.offer(offer),)
    counting = [one for one, verdict in judged if verdict is None]
    next_at = None if is_over else referral.qualify_by
    if not counting:
        newest = judged[0][1] if judged else GateCode.NO_PURCHASE
        code = "after_the_window" if is_over else newest or GateCode.NO_PURCHASE
        state = FAILED if is_over else WAITING
        qualify = Gate(GateName.QUALIFY, state, code, next_at=next_at, evidence=shown)
        rule = Gate(
            GateName.RULE,
            GateState.SKIPPED if is_over else WAITING,
            GateCode.NOT_REACHED,
            evidence=promise,
        )
        return [qualify, rule]
    qualify = Gate(
        GateName.QUALIFY, PASSED, GateCode.BOUGHT, at=counting[0].occurred_at, evidence=shown
    )
    missed = _missed(offer, counting)
    if missed is None and offer.trigger == Trigger.MILESTONE:
        return [qualify, _on_the_way(referral, promise)]
    state = FAILED if is_over and missed not in (None, NO_EXCHANGE_RATE) else WAITING
    code = missed or GateCode.BEING_COUNTED
    return [qualify, Gate(GateName.RULE, state, code, next_at=next_at, evidence=promise)]


def _missed(offer: Offer, counting: list[Purchase]) -> str | None:
    """Return why none of these purchases earns the offer, by the newest; None when one does."""
    verdicts = [offer_misses(offer, one) for one in counting]
    return None if None in verdicts else verdicts[0]


def _on_the_way(referral: Referral, promise: Evidence) -> Gate:
    """Say which place a friend has on the way to a milestone, or when they get one."""
    friend = qualification_of(referral)
    if friend is None or friend.place is None:
        due_at = friend.due_at if friend else None
        return Gate(GateName.RULE, WAITING, GateCode.STANDS_LATER, next_at=due_at, evidence=promise)
    seen: Evidence = (*promise, ("place", {"place": friend.place}))
    return Gate(GateName.RULE, WAITING, GateCode.COUNTED, at=friend.counted_at, evidence=seen)


def _purchases(referral: Referral) -> list[Purchase]:
    query = (
        select(Purchase)
        .where(Purchase.person_id == referral.friend_id)
        .order_by(Purchase.occurred_at.desc(), Purchase.id.desc())
        .limit(_MOST_PURCHASES)
    )
    return list(session.scalars(query))


def _earned(referral: Referral, offer: Offer, reward: Reward) -> list[Gate]:
    """Say which event earned the reward and how the promise turned it into an amount."""
    rule = (evidence.offer(offer), evidence.arithmetic(reward), *evidence.taken_back(reward))
    if reward.state == RewardState.CANCELLED and reward.reason == EXISTING_CUSTOMER:
        learned = (evidence.customer(reward.referral.friend),)
        at = reward.settled_at
        return [Gate(GateName.QUALIFY, FAILED, EXISTING_CUSTOMER, at=at, evidence=learned)]
    if offer.trigger == Trigger.MILESTONE:
        reached = GateCode.MILESTONE_REACHED
        qualify = Gate(GateName.QUALIFY, PASSED, reached, at=reward.earned_at)
    elif offer.trigger == Trigger.SIGNUP or reward.purchase is None:
        qualify = Gate(GateName.QUALIFY, PASSED, GateCode.SIGNED_UP, at=referral.at)
    else:
        shown = (evidence.purchase(reward.purchase),)
        when = reward.purchase.occurred_at
        if reward.state == RewardState.CANCELLED and reward.reason == REFUNDED:
            return [Gate(GateName.QUALIFY, FAILED, REFUNDED, at=when, evidence=shown)]
        qualify = Gate(GateName.QUALIFY, PASSED, GateCode.BOUGHT, at=when, evidence=shown)
    if reward.state == RewardState.CANCELLED and reward.reason == EARLIER_PURCHASE:
        return [qualify, Gate(GateName.RULE, FAILED, EARLIER_PURCHASE, evidence=rule)]
    return [qualify, Gate(GateName.RULE, PASSED, GateCode.AS_PROMISED, evidence=rule)]


def _given(reward: Reward, *, at: datetime) -> list[Gate]:
    """Say how the reward passed its hold and the limits, and what was done at the provider."""
    limits = evidence.limits(reward, reward.offer)
    if reward.reason in LIMITS:
        refused = Gate(
            GateName.BUDGET, FAILED, reward.reason, at=reward.settled_at, evidence=limits
        )
        return [Gate(GateName.HOLD, GateState.SKIPPED, GateCode.NOT_REACHED), refused]
    if reward.state == RewardState.CANCELLED and reward.reason in _NOT_QUALIFIED:
        return []
    hold = _hold(reward, at=at)
    if hold.state is FAILED:
        return [hold]
    steps = evidence.moves(reward)
    budget = Gate(GateName.BUDGET, PASSED, GateCode.RESERVED, at=steps[0].at, evidence=limits)
    return [hold, budget, *_granted(reward)]


def _hold(reward: Reward, *, at: datetime) -> Gate:
    holds = evidence.holds(reward)
    terms: Evidence = (
        ("terms", {"hold_days": reward.offer.hold_days, "expected_at": reward.expected_at}),
    )
    shown = (*(terms if reward.purchase_id else ()), *holds)
    if reward.state == RewardState.DENIED or reward.state == RewardState.CANCELLED:
        last = evidence.moves(reward)[-1]
        why: Evidence = (("decision", {"by": last.actor_name, "reason": last.reason}),)
        code = GateCode(reward.state)
        return Gate(GateName.HOLD, FAILED, code, at=last.at, evidence=(*why, *shown))
    if reward.is_held and reward.state in (RewardState.PENDING, RewardState.APPROVED):
        return Gate(GateName.HOLD, WAITING, GateCode.HELD, evidence=shown)
    if reward.state == RewardState.PENDING:
        return _pending(reward, shown, at=at)
    approval = next(
        (step for step in evidence.moves(reward) if step.to_state == RewardState.APPROVED), None
    )
    if approval is None:
        return Gate(GateName.HOLD, PASSED, GateCode.APPROVED, evidence=shown)
    by: Evidence = (("decision", {"by": approval.actor_name, "reason": approval.reason}),)
    by_staff = approval.actor_kind != "system"
    code = GateCode.APPROVED_BY_STAFF if by_staff else GateCode.APPROVED
    if not by_staff and reward.purchase_id is None:
        code = GateCode.NOTHING_TO_WAIT_FOR
    return Gate(GateName.HOLD, PASSED, code, at=approval.at, evidence=(*by, *shown))


def _pending(reward: Reward, shown: Evidence, *, at: datetime) -> Gate:
    if reward.approvals_given:
        first = evidence.approvals(reward)
        return Gate(GateName.HOLD, WAITING, GateCode.AWAITS_SECOND, evidence=(*first, *shown))
    if reward.awaits_staff:
        needs_two = reward.approvals_needed > 1
        code = GateCode.AWAITS_TWO if needs_two else GateCode.AWAITS_STAFF
        return Gate(GateName.HOLD, WAITING, code, evidence=shown)
    if at < reward.expected_at:
        next_at = reward.expected_at
        return Gate(GateName.HOLD, WAITING, GateCode.HOLD_PERIOD, next_at=next_at, evidence=shown)
    return Gate(GateName.HOLD, WAITING, GateCode.BEING_APPROVED, next_at=at, evidence=shown)


def _granted(reward: Reward) -> list[Gate]:
    acts = grants_of(reward)
    if not acts:
        return []
    shown = (*evidence.grants(acts), *evidence.taken_back(reward))
    if reward.state == RewardState.GRANTED:
        code, state = str(GateCode.GRANTED), PASSED
    elif reward.state == RewardState.REVERSED:
        return [_taken_back(reward, shown)]
    elif reward.state == RewardState.FAILED and not can_be_reissued(reward):
        code, state = str(GateCode.ISSUED_AGAIN), FAILED
    elif reward.state in (RewardState.FAILED, RewardState.EXPIRED):
        code, state = str(GateCode(reward.state)), FAILED
    else:
        return [_under_way(acts[-1], (*shown, *evidence.fallback(reward)))]
    return [Gate(GateName.GRANT, state, code, at=reward.settled_at, evidence=shown)]


def _taken_back(reward: Reward, shown: Evidence) -> Gate:
    """Say why a whole reward went back: a refund, the provider, or staff with a reason.

    What could not be taken and was let go is still given.
    """
    why = reward.reason or REFUNDED
    code: str = GateCode.TAKEN_BACK
    if why in (REFUNDED, CAME_BACK):
        code = why
    else:
        shown = (("taking", {"reason": why}), *shown)
    if reward.is_let_go:
        return Gate(GateName.GRANT, PASSED, GateCode.LET_GO, at=reward.settled_at, evidence=shown)
    return Gate(GateName.GRANT, FAILED, code, at=reward.settled_at, evidence=shown)


def _under_way(act: Grant, shown: Evidence) -> Gate:
    if act.waits_for is not None:
        code = act.waits_for
    else:
        code = GateCode.SENDING if act.state == GrantState.SENDING else GateCode.PLANNED
    return Gate(GateName.GRANT, WAITING, code, next_at=act.next_try_at, evidence=shown)
