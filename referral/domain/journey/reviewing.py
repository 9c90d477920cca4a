"""What staff decide about a reward: written down, each judgement with a reason."""

from __future__ import annotations

from datetime import datetime

from referral.domain.businesses import Actor, record
from referral.domain.journey.thanking import hold_the_disputed, wake
from referral.domain.people import Person
from referral.domain.rewards import Reward, approve, debts, deny, place_hold, release_holds
from referral.domain.rewards.approving import agree, refuse_own
from referral.domain.rewards.expiring import extend
from referral.domain.rewards.gift_confirmations import GiftConfirmation, Word, confirm
from referral.domain.rewards.grants import Grant, NothingWaits
from referral.domain.rewards.holds import HoldKind, NothingHeld
from referral.domain.rewards.moving import lock
from referral.domain.rewards.recognition import write_words
from referral.domain.rewards.reissuing import reissue
from referral.domain.rewards.returning import take_back
from referral.domain.rewards.thresholds import put_on_file
from referral.domain.rewards.waking import wake_grants, wake_waiting
from referral.foundation import due
from referral.foundation.db import session


def approve_reward(
    reward: Reward,
    *,
    actor: Actor,
    reason: str,
    at: datetime,
    words: str = "",
    words_by: str | None = None,
) -> bool:
    """Approve a pending reward as a member of staff; the grant begins at once.

    With `words` a thank-you says those, signed with a name: the actor's, or another. Where two
    people are needed, the first approval is written down and False is returned. Raises OwnReward
    for one's own, SecondPersonNeeded for whoever approved it before.
    """
    lock(reward)
    if words:
        write_words(reward, words, by=actor.name if words_by is None else words_by)
    is_enough = agree(reward, actor=actor, reason=reason, at=at)
    if is_enough:
        approve(reward, actor=actor, reason=reason, at=at)
    action = "reward.approved" if is_enough else "reward.approved_by_one"
    _write_down(reward, action, actor=actor, reason=reason, at=at, words=words)
    return is_enough


def deny_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Deny a reward that is not granted yet, with a reason people can read."""
    deny(reward, actor=actor, reason=reason, at=at)
    _write_down(reward, "reward.denied", actor=actor, reason=reason, at=at)


def hold_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Hold a reward until somebody releases it; raises RewardMoved once its grant has begun."""
    lock(reward)
    place_hold(reward, HoldKind.STAFF, reason=reason, actor=actor, at=at)
    _write_down(reward, "reward.held", actor=actor, reason=reason, at=at)


def release_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Release every hold on a reward, which then goes on its way; raises NothingHeld.

    Nobody releases their own: raises OwnReward.
    """
    lock(reward)
    refuse_own(reward, actor)
    if release_holds(reward, reason=reason, actor=actor, at=at) == 0:
        raise NothingHeld
    wake(reward, at=at)
    _write_down(reward, "reward.released", actor=actor, reason=reason, at=at)


def reissue_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> Reward:
    """Issue a reward again that failed for good; returns the one that takes its place."""
    refuse_own(reward, actor)
    begun = reissue(reward, reason=reason, at=at, actor=actor)
    hold_the_disputed(begun, at=at)
    _write_down(reward, "reward.reissued", actor=actor, reason=reason, at=at)
    return begun


def take_back_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Take a granted reward back whole, as far as the world allows; the rest stands as a debt."""
    take_back(reward, reason=reason, at=at)
    _write_down(reward, "reward.taken_back", actor=actor, reason=reason, at=at)


def retry_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Try what waits at the provider at once; raises NothingWaits when nothing does.

    It is no judgement: the reason may be empty.
    """
    if not wake_waiting(reward, at=at):
        raise NothingWaits
    _write_down(reward, "reward.retried", actor=actor, reason=reason, at=at)


def extend_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Give somebody as long again to take a reward that would expire; raises NeverExpires."""
    extend(reward, at=at)
    _write_down(reward, "reward.extended", actor=actor, reason=reason, at=at)


def forgive_debt(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> int:
    """Let go what is still owed of a reward; its person keeps it. Raises NothingOwed, OwnReward."""
    refuse_own(reward, actor)
    amount_minor = debts.forgive_debt(reward, actor=actor, reason=reason, at=at)
    record(
        reward.business_id,
        "debt.forgiven",
        subject=reward.public_id,
        actor=actor,
        at=at,
        details={"reason": reason, "amount_minor": amount_minor, "currency": reward.currency},
    )
    return amount_minor


def confirm_gift(
    grant: Grant, word: Word, *, actor: Actor, at: datetime, by_staff: bool = False
) -> GiftConfirmation:
    """Book what became of a gift that the business's own server was asked for.

    The same word again changes nothing. Raises AlreadyConfirmed, NotAsked and Invalid.
    """
    known = confirm(grant, word, at=at, by_staff=by_staff)
    if grant.due_at is not None:
        due.done_elsewhere(grant)
        session.flush()
        said = {"status": known.verdict, "reference": known.reference}
        record(
            grant.business_id,
            "gift.confirmed",
            subject=grant.reward.public_id,
            actor=actor,
            at=at,
            details=said | ({"reason": known.reason} if known.reason else {}),
        )
    return known


def keep_form(person: Person, year: int, *, actor: Actor, at: datetime) -> None:
    """Note that a person's tax form for a year is on file; what waited for it is tried at once."""
    if put_on_file(person, year, actor=actor, at=at):
        record(
            person.business_id,
            "form.on_file",
            subject=person.public_id,
            actor=actor,
            at=at,
            details={"year": year},
        )
    wake_grants(person.id, at=at)


def _write_down(
    reward: Reward, action: str, *, actor: Actor, reason: str, at: datetime, words: str = ""
) -> None:
    said = {"words": reward.words, "words_by": reward.words_by} if words else {}
    why = {"reason": reason} if reason else {}
    record(
        reward.business_id,
        action,
        subject=reward.public_id,
        actor=actor,
        at=at,
        details={**why, "state": reward.state, **said},
    )
