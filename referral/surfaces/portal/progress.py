"""How far a friend has come, in steps and one sentence: a first name and nothing more of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from referral.domain.programs import Trigger
from referral.domain.reports.friends import Sent
from referral.domain.reports.waiting import waits_of
from referral.domain.rewards import Reward, RewardState
from referral.surfaces.portal.gifts import gift_words, tone_of, why_words
from referral.surfaces.web.occasions import occasion
from referral.surfaces.web.promises import worth_words
from referral.surfaces.web.words import day

_ON_ITS_WAY = (RewardState.PENDING, RewardState.APPROVED, RewardState.GRANTING)
_EXPECTED = Markup("Expected on {}. {}")
_WAITING = Markup("You get {} when {} buys something by {}.")
_RENEWS = Markup("You get {} when {} renews a subscription by {}.")
_AWAITS_RATE = Markup(
    "{} bought something in another currency. It counts as soon as we know the exchange rate."
)
_COUNTS = Markup("{} counts when they buy something by {} and keep it. You get {} for {}.")


@dataclass(frozen=True, slots=True)
class Progress:
    """One friend as the advocate sees them."""

    name: str
    since: datetime
    program: str
    steps: list[dict[str, Any]]
    gift: str | None
    tone: str
    note: str | Markup | None
    reward: Reward | None


def progress_of(friends: Sequence[Sent], *, at: datetime) -> list[Progress]:
    """Say how far friends have come by a moment, and what is next or why there is no more."""
    waits = waits_of(reward for sent in friends for reward in sent.rewards)
    return [_progress(sent, waits, at=at) for sent in friends]


def _progress(sent: Sent, waits: Mapping[uuid.UUID, str], *, at: datetime) -> Progress:
    referral = sent.referral
    reward = _telling(sent.rewards)
    return Progress(
        name=referral.friend.first_name,
        since=referral.at,
        program=referral.program.name,
        steps=_steps(sent, reward, at=at),
        gift=gift_words(reward) if reward and tone_of(reward) != "calm" else None,
        tone=tone_of(reward) if reward else "calm",
        note=_note(sent, reward, waits, at=at),
        reward=reward,
    )


def _telling(rewards: tuple[Reward, ...]) -> Reward | None:
    """Return the reward that tells most: the newest that is alive, else the newest."""
    alive = [one for one in rewards if one.state in (*_ON_ITS_WAY, RewardState.GRANTED)]
    return next(iter(alive or rewards), None)


def _steps(sent: Sent, reward: Reward | None, *, at: datetime) -> list[dict[str, Any]]:
    referral, offer = sent.referral, sent.referral.advocate_offer
    joined = {"label": "Signed up", "state": "done", "at": referral.at}
    if offer is None:
        return [joined]
    if offer.trigger == Trigger.SIGNUP:
        return [joined, _last_step(reward)]
    if reward is not None:
        bought = {"label": "Bought", "state": "done", "at": reward.earned_at}
        return [joined, bought, _last_step(reward)]
    state = "now" if at < referral.qualify_by else "stopped"
    return [joined, {"label": "Buys", "state": state}, _last_step(None)]


def _last_step(reward: Reward | None) -> dict[str, Any]:
    if reward is None:
        return {"label": "Thank-you", "state": "later"}
    if reward.state == RewardState.GRANTED or reward.is_let_go:
        return {"label": "Thank-you", "state": "done", "at": reward.settled_at}
    return {"label": "Thank-you", "state": "now" if reward.state in _ON_ITS_WAY else "stopped"}


def _note(
    sent: Sent, reward: Reward | None, waits: Mapping[uuid.UUID, str], *, at: datetime
) -> str | Markup | None:
    referral, offer = sent.referral, sent.referral.advocate_offer
    name = referral.friend.first_name
    if offer is None:
        return "There was no thank-you on offer when they signed up."
    if reward is None:
        if offer.trigger == Trigger.SIGNUP:
            return None
        if sent.awaits_rate:
            return _AWAITS_RATE.format(name)
        if at >= referral.qualify_by:
            return Markup("Nothing that counts was bought by {}.").format(day(referral.qualify_by))
        if offer.trigger == Trigger.MILESTONE:
            return _COUNTS.format(
                name, day(referral.qualify_by), worth_words(offer), occasion(offer)
            )
        waiting = _RENEWS if offer.trigger == Trigger.RENEWAL else _WAITING
        return waiting.format(worth_words(offer), name, day(referral.qualify_by))
    is_free = not reward.is_held and not reward.awaits_staff
    if reward.state == RewardState.PENDING and is_free and reward.expected_at > at:
        return _EXPECTED.format(day(reward.expected_at), why_words(reward))
    is_whole = not reward.clawback_minor and not reward.netted_minor
    if reward.state == RewardState.GRANTED and is_whole:
        return None
    return why_words(reward, waits.get(reward.id))
