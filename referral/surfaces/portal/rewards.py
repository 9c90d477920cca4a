"""What a person was given and what is on the way: each amount with its date and its reason."""

from __future__ import annotations

from flask import g, request, url_for

from referral.domain.programs import Side
from referral.domain.reports.portal import (
    code_given,
    moves_of,
    own_reward,
    rewards_page,
    sums_of,
    waits_for,
)
from referral.domain.rewards import Reward, RewardState
from referral.foundation import clock
from referral.surfaces.portal.gifts import gift_words, tone_of, why_words
from referral.surfaces.portal.pages import page
from referral.surfaces.portal.reasoning import gates_of, history_of
from referral.surfaces.web.reasons import waiting_words

_PAGE = 20


def show_all(slug: str) -> str:
    """Show a page of rewards, and what they add up to."""
    after = request.args.get("after")
    found = rewards_page(g.person.id, limit=_PAGE + 1, after=after)
    shown = found[:_PAGE]
    last = shown[-1].public_id if len(found) > _PAGE else None
    return page(
        "rewards",
        rewards=[_line(reward) for reward in shown],
        sums=sums_of(g.person.id),
        next_url=url_for("portal.rewards", slug=slug, after=last) if last else None,
        first_url=url_for("portal.rewards", slug=slug) if after else None,
    )


def show(slug: str, reward: str) -> str:
    """Show one reward: why it stands as it does, what comes next, and what happened."""
    found, at = own_reward(g.person.id, reward), clock.now()
    waits = waits_for(found) if found.state in _UNDER_WAY else None
    return page(
        "reward",
        line=_line(found),
        reward=found,
        note=waiting_words(waits) if waits and not found.is_held else why_words(found),
        code=code_given(found),
        gates=gates_of(found, at=at),
        history=history_of(moves_of(found)),
    )


_UNDER_WAY = (RewardState.APPROVED, RewardState.GRANTING)


def _line(reward: Reward) -> dict[str, object]:
    """Return a reward as a list shows it."""
    return {
        "reward": reward,
        "gift": gift_words(reward),
        "is_off": tone_of(reward) == "calm",
        "title": _title(reward),
        "is_expected": reward.state == RewardState.PENDING and not reward.is_held,
        "why": why_words(reward),
    }


def _title(reward: Reward) -> str:
    if reward.side == Side.FRIEND:
        return "Your welcome"
    return f"For sending {reward.referral.friend.first_name}"
