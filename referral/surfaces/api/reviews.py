"""What staff decide about a reward, told by a program: approve, deny, hold, release."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from referral.domain import journey
from referral.domain.programs.kinds import MOST_WORDS
from referral.domain.rewards.approving import OwnReward, SecondPersonNeeded
from referral.domain.rewards.expiring import NeverExpires
from referral.domain.rewards.holds import NothingHeld
from referral.domain.rewards.moving import RewardHeld, RewardMoved
from referral.foundation.errors import NotFound
from referral.surfaces.api.contract import VISIBLE, In, Why
from referral.surfaces.api.layer import Call, Resource
from referral.surfaces.api.rewards import RewardOut, reward_named

route = Resource("Reviews", "A look at a reward before it is granted; each act keeps its reason.")


class ReviewIn(In):
    """Why you decide so."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Checked by phone; both are real customers."}]}
    )

    reason: Why


class ApprovalIn(ReviewIn):
    """Why you approve it; a recognition may say `words` of somebody's own, signed with a name."""

    words: Annotated[str | None, Field(max_length=MOST_WORDS, pattern=VISIBLE)] = None
    words_by: Annotated[str | None, Field(max_length=200, pattern=VISIBLE)] = None


@route.post(
    "/rewards/{reward}/approval",
    takes=ApprovalIn,
    gives=RewardOut,
    refuses=(NotFound, RewardMoved, RewardHeld, SecondPersonNeeded, OwnReward),
)
def approve_reward(call: Call, sent: ApprovalIn, reward: str) -> RewardOut:
    """Approve a pending reward, even before its hold has passed; its grant begins at once.

    The `words` of a recognition are kept with it, shown to its person in the portal with
    `words_by`, and mailed to them; without any, those of its offer are shown.

    Where `approvals.needed` is 2, the first approval is kept and the reward stays pending. All your
    API keys count as one person, and as whoever made the key in the console: another `approval` is
    refused (`second_person_needed`), and somebody else on the team gives the second in the console,
    or gave the first. A key never approves a reward of whoever made it (`own_reward`).
    """
    found = reward_named(reward)
    journey.approve_reward(
        found,
        actor=call.actor,
        reason=sent.reason,
        at=call.at,
        words=sent.words or "",
        words_by=sent.words_by or "",
    )
    return RewardOut.of(found)


@route.post(
    "/rewards/{reward}/denial", takes=ReviewIn, gives=RewardOut, refuses=(NotFound, RewardMoved)
)
def deny_reward(call: Call, sent: ReviewIn, reward: str) -> RewardOut:
    """Deny a reward whose grant has not begun; its amount goes back to the budget."""
    found = reward_named(reward)
    journey.deny_reward(found, actor=call.actor, reason=sent.reason, at=call.at)
    return RewardOut.of(found)


@route.post(
    "/rewards/{reward}/extension",
    takes=ReviewIn,
    gives=RewardOut,
    refuses=(NotFound, RewardMoved, NeverExpires),
)
def extend_reward(call: Call, sent: ReviewIn, reward: str) -> RewardOut:
    """Give somebody as long again, from now, to take a reward that would expire."""
    found = reward_named(reward)
    journey.extend_reward(found, actor=call.actor, reason=sent.reason, at=call.at)
    return RewardOut.of(found)


@route.post(
    "/rewards/{reward}/hold", takes=ReviewIn, gives=RewardOut, refuses=(NotFound, RewardMoved)
)
def hold_reward(call: Call, sent: ReviewIn, reward: str) -> RewardOut:
    """Keep a reward from being granted until its holds are released."""
    found = reward_named(reward)
    journey.hold_reward(found, actor=call.actor, reason=sent.reason, at=call.at)
    return RewardOut.of(found)


@route.post(
    "/rewards/{reward}/release",
    takes=ReviewIn,
    gives=RewardOut,
    refuses=(NotFound, NothingHeld, OwnReward),
)
def release_reward(call: Call, sent: ReviewIn, reward: str) -> RewardOut:
    """Release every hold on a reward, which then goes on its way."""
    found = reward_named(reward)
    journey.release_reward(found, actor=call.actor, reason=sent.reason, at=call.at)
    return RewardOut.of(found)
