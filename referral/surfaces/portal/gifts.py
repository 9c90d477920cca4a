"""What a reward is worth and why it stands as it does, in words for the one it concerns."""

from __future__ import annotations

from referral.domain.programs import Kind
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.recognition import words_of
from referral.domain.rewards.releasing import REFUNDED
from referral.domain.rewards.returning import CAME_BACK
from referral.surfaces.web.promises import reward_words
from referral.surfaces.web.reasons import (
    REASONS,
    given_words,
    reason_words,
    state_words,
    waiting_words,
)
from referral.surfaces.web.words import money

_TONES = {
    RewardState.PENDING: "wait",
    RewardState.APPROVED: "info",
    RewardState.GRANTING: "info",
    RewardState.GRANTED: "good",
}
_TO_COME = (RewardState.PENDING, RewardState.APPROVED, RewardState.GRANTING)

USED = "You have used it."
NOT_USED = "It was not used before its last day, so it has ended."
GIFT_ENDED = "It was a gift, and the last day to use it has passed."
SETTLES = "All of it settles what went back of an earlier reward and had reached you already."
GOES_BACK = "It goes back."
WAS_TO_GO_BACK = "It was to go back."
TO_CHOOSE = "Choose how you would like it: open it and say so."


def gift_words(reward: Reward) -> str:
    """Say what the reward is, such as "€10.00", "20% off" or "1 free period"."""
    if reward.kind in (Kind.DISCOUNT, Kind.FREE_PERIOD):
        return reward_words(reward)
    if reward.kind == Kind.RECOGNITION:
        return "A thank-you"
    shown_minor = reward.given_minor
    if reward.state in _TO_COME:
        shown_minor += reward.payable_minor
    return money(shown_minor or reward.amount_minor, reward.currency)


def tone_of(reward: Reward) -> str:
    """Return the tone a reward is shown in; one that is not given is calm, not alarming."""
    if reward.is_let_go:
        return "good"
    if reward.lapsed_at is not None or _is_all_gone(reward):
        return "calm"
    return _TONES.get(RewardState(reward.state), "calm")


def why_words(reward: Reward, waits: str | None = None) -> str:
    """Say where a reward stands and why, in one or two sentences; `waits` is what it waits for.

    A refusal's reason was written for the person; what a provider said was not.
    """
    if reward.state == RewardState.GRANTED:
        return _given_words(reward) + _owed_words(reward)
    if reward.kind == Kind.CHOICE and reward.state in _TONES:
        return TO_CHOOSE
    if waits is not None and not reward.is_held:
        return waiting_words(waits) + _settling_words(reward)
    said = state_words(reward.state, is_held=_is_held(reward), awaits_staff=reward.awaits_staff)
    reason = reward.reason or ""
    if reward.state == RewardState.DENIED and reason:
        return f"{said} {reason_words(reason)}"
    if reward.state == RewardState.CANCELLED and reason in REASONS:
        return reason_words(reason)
    if reward.state == RewardState.REVERSED:
        if reward.debt_minor:
            said = GOES_BACK
        elif reward.forgiven_minor:
            said = WAS_TO_GO_BACK
        return _back_words(said, reason or REFUNDED) + _owed_words(reward)
    return said + _settling_words(reward)


def _given_words(reward: Reward) -> str:
    if reward.kind == Kind.RECOGNITION:
        words, by = words_of(reward)
        said = words or given_words(reward.kind)
        return f"{said} – {by}" if by else said
    if reward.lapsed_at is not None:
        return NOT_USED
    if reward.is_settling:
        return SETTLES
    if reward.expired_minor:
        return f"{_part(reward, reward.expired_minor)} was not spent by its last day and is gone."
    said = given_words(reward.kind)
    if reward.used_at is not None:
        said = USED
    elif reward.netted_minor:
        said = f"{_settling_words(reward).strip()} The rest{said.removeprefix('It')}"
    back_minor = reward.clawback_minor - reward.forgiven_minor
    if not back_minor:
        return said
    goes = "goes" if reward.debt_minor or reward.outstanding_minor else "went"
    back = f"{_part(reward, back_minor)} {goes} back"
    return f"{said} {back}, because part of the purchase was refunded."


def _settling_words(reward: Reward) -> str:
    """Say how much of a reward settles what its person owed of an earlier one."""
    if not reward.netted_minor:
        return ""
    if reward.is_settling:
        return f" {SETTLES}"
    settles = _part(reward, reward.netted_minor)
    return f" {settles} settles what went back of an earlier reward and had reached you already."


def _part(reward: Reward, part_minor: int) -> str:
    """Write a part of a reward beside the whole, such as "€2.50 of €10.00"."""
    return f"{money(part_minor, reward.currency)} of {money(reward)}"


def _is_all_gone(reward: Reward) -> bool:
    """Tell whether nothing is left of what was given, because it ended unspent."""
    return reward.expired_minor > 0 and not reward.given_minor


def _back_words(said: str, reason: str) -> str:
    """Say that it went back; why staff took it back was not written for the person."""
    if reason == CAME_BACK:
        return reason_words(reason)
    return f"{said} {reason_words(reason)}" if reason == REFUNDED else said


def _owed_words(reward: Reward) -> str:
    """Say what could not be taken back: what stands as a debt, and what was let go."""
    said = ""
    if reward.debt_minor:
        owed = money(reward.debt_minor, reward.currency)
        said = f" You had {owed} of it already, which comes off the next credit or money you earn."
    if reward.forgiven_minor:
        said += f" You may keep {_kept_words(reward)}."
    return said


def _kept_words(reward: Reward) -> str:
    if reward.state == RewardState.GRANTED:
        return f"{money(reward.forgiven_minor, reward.currency)} that was to go back"
    is_whole = reward.forgiven_minor == reward.amount_minor
    return "it" if is_whole else _part(reward, reward.forgiven_minor)


def _is_held(reward: Reward) -> bool:
    return reward.is_held and reward.state in (RewardState.PENDING, RewardState.APPROVED)
