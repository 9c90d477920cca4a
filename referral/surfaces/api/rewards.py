"""Rewards: what somebody is thanked with, why it stands where it does, and what staff may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Referral
from referral.domain.programs import Kind, Side
from referral.domain.reports.explanation import explain_reward
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.choosing import options_of
from referral.domain.rewards.falling_back import fallback_of
from referral.domain.rewards.recognition import words_of
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.api.contract import (
    Moment,
    Money,
    Out,
    Page,
    PersonId,
    ProgramId,
    PurchaseId,
    ReferralId,
    RewardId,
)
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.explanations import ExplanationOut
from referral.surfaces.api.layer import Call, Resource

route = Resource("Rewards", "What somebody is thanked with, from the purchase to Stripe and back.")


class ApprovalsOut(Out):
    """How many people must approve a reward, by the program's rules of the day it was earned."""

    needed: int
    given: int


class RewardOut(Out):
    """One reward.

    `state` moves forward only; a hold is an overlay on it. `reason` says why it ended.
    Of the amount, `taken_back` is all that is to go back. Of that, `owed` could not be taken and
    still stands as a debt, and `forgiven` could not be taken and was let go by staff. Once it is
    granted, also where `state` is `reversed`, its person keeps `amount` less `taken_back` and
    store credit that ended unspent, plus `forgiven`, and has `owed` beside that.
    """

    id: RewardId
    program: ProgramId
    referral: ReferralId
    person: PersonId
    purchase: PurchaseId | None
    side: Side
    kind: Kind
    amount: Money
    taken_back: Money
    owed: Money
    forgiven: Money
    state: RewardState
    reason: str | None
    is_held: bool
    awaits_staff: bool
    choices: Annotated[
        list[Kind],
        Field(description="What the person may choose between now; empty when nothing is open."),
    ]
    approvals: ApprovalsOut
    earned_at: Moment
    expected_at: Annotated[Moment, Field(description="When its hold ends.")]
    expires_at: Annotated[
        Moment | None, Field(description="When it ends if its person does not take it.")
    ]
    settled_at: Annotated[Moment | None, Field(description="When it was granted or ended.")]
    words: Annotated[
        str | None, Field(description="What a recognition says: its own words, or the offer's.")
    ]
    words_by: Annotated[str | None, Field(description="Who wrote it words of its own.")]
    use_by: Annotated[Moment | None, Field(description="When a discount's code ends.")]
    lapsed_at: Annotated[
        Moment | None, Field(description="When it was found that nobody had used its code.")
    ]
    used_at: Annotated[
        Moment | None, Field(description="When it was found that its code was used.")
    ]
    fell_back_at: Annotated[
        Moment | None,
        Field(description="When it became what its offer names instead of account credit."),
    ]

    @classmethod
    def of(cls, reward: Reward) -> RewardOut:
        """Write a reward."""
        words, words_by = words_of(reward)
        return cls(
            id=reward.public_id,
            program=public_id("prg", reward.program_id),
            referral=public_id("ref", reward.referral_id),
            person=public_id("per", reward.person_id),
            purchase=public_id("pur", reward.purchase_id) if reward.purchase_id else None,
            side=Side(reward.side),
            kind=Kind(reward.kind),
            amount=Money.of(reward.amount_minor, reward.currency),
            taken_back=Money.of(reward.clawback_minor, reward.currency),
            owed=Money.of(reward.debt_minor, reward.currency),
            forgiven=Money.of(reward.forgiven_minor, reward.currency),
            state=RewardState(reward.state),
            reason=reward.reason,
            is_held=reward.is_held,
            awaits_staff=reward.awaits_staff,
            choices=options_of(reward),
            approvals=ApprovalsOut(needed=reward.approvals_needed, given=reward.approvals_given),
            earned_at=reward.earned_at,
            expected_at=reward.expected_at,
            expires_at=reward.expires_at,
            settled_at=reward.settled_at,
            words=words,
            words_by=words_by,
            use_by=reward.use_by,
            lapsed_at=reward.lapsed_at,
            used_at=reward.used_at,
            fell_back_at=reward.fell_back_at,
        )


class FallbackOut(Out):
    """What credit that waits for a customer becomes at a moment, unless one is known by then."""

    kind: Kind
    at: Moment


class RewardDetailOut(RewardOut):
    """One reward with the answer to "why?", and what it will be given as if it waits too long."""

    fallback: FallbackOut | None
    explanation: ExplanationOut


class RewardsOut(Page[RewardOut]):
    """A page of rewards."""


class RewardsAsked(PageAsked):
    """Which rewards to list."""

    person: PersonId | None = None
    program: ProgramId | None = None
    state: RewardState | None = None


@route.get("/rewards", gives=RewardsOut, asks=RewardsAsked)
def list_rewards(call: Call, asked: RewardsAsked) -> RewardsOut:
    """List rewards, of a person, a program or a state if you like."""
    query = select(Reward).options(joinedload(Reward.offer))
    if asked.person is not None:
        query = query.where(Reward.person_id == parse_public_id("per", asked.person))
    if asked.program is not None:
        query = query.where(Reward.program_id == parse_public_id("prg", asked.program))
    if asked.state is not None:
        query = query.where(Reward.state == asked.state)
    rows, after = page(call.business, "rewards", query, Reward.id, asked)
    return RewardsOut(items=[RewardOut.of(row) for row in rows], next=after)


@route.get("/rewards/{reward}", gives=RewardDetailOut, refuses=(NotFound,))
def get_reward(call: Call, reward: str) -> RewardDetailOut:
    """Show one reward and explain it: every gate from the first touch to Stripe's object."""
    found = reward_named(reward)
    explanation = ExplanationOut.of(explain_reward(found, at=call.at))
    return RewardDetailOut(
        **RewardOut.of(found).model_dump(), fallback=_fallback(found), explanation=explanation
    )


def _fallback(reward: Reward) -> FallbackOut | None:
    to_come = fallback_of(reward)
    return FallbackOut(kind=to_come.kind, at=to_come.at) if to_come else None


def reward_named(text: str) -> Reward:
    """Return the business's reward of a public id; raises NotFound."""
    query = (
        select(Reward)
        .where(Reward.id == parse_public_id(Reward.prefix, text))
        .options(
            joinedload(Reward.offer),
            joinedload(Reward.purchase),
            joinedload(Reward.referral).joinedload(Referral.touch),
        )
    )
    reward = session.scalar(query)
    if reward is None:
        raise NotFound
    return reward
