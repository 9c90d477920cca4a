"""What a person chooses about a reward: how it is given, and to which charity.

A choice may be made as soon as the reward is earned and changed until its grant begins.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Actor, Owned
from referral.domain.businesses.audit import SYSTEM
from referral.domain.notices import notify
from referral.domain.programs import Kind
from referral.domain.rewards.attempts import drop_waiting, plan_grant
from referral.domain.rewards.charities import Charity, charities, default_charity
from referral.domain.rewards.debts import settle_debts
from referral.domain.rewards.grants import (
    Grant,
    GrantState,
    NotNeeded,
    NotReady,
    Waiting,
    open_grant,
)
from referral.domain.rewards.moving import RewardMoved, lock
from referral.domain.rewards.operations import WHOLE
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.domain.rewards.waking import wake_waiting
from referral.foundation.db import Key, Model, Moment, Name, Short, changed, session
from referral.foundation.errors import Invalid

OPEN = (RewardState.PENDING, RewardState.APPROVED)
"""Where a reward stands while it can still be chosen how it is given."""


class Choice(Owned, Model):
    """What was chosen for a reward, and by whom; the newest one counts."""

    id: Mapped[Key]
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"), index=True)
    kind: Mapped[Short]
    charity_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("charity.id"))
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    at: Mapped[Moment]

    charity: Mapped[Charity | None] = relationship()


def can_choose(reward: Reward) -> bool:
    """Tell whether there is anything to choose about a reward, and still time for it."""
    return reward.state in OPEN and (
        reward.kind == Kind.CHARITY
        or (reward.offer.kind == Kind.CHOICE and not _is_settled(reward))
    )


def options_of(reward: Reward) -> list[Kind]:
    """List the kinds a reward may still be given as; none when that is not to be chosen.

    A gift comes whole, so it is no option once a part was refunded, or pays a debt.
    """
    is_open = reward.state in OPEN and not _is_settled(reward)
    if reward.offer.kind != Kind.CHOICE or not is_open:
        return []
    kinds = [Kind(name) for name in reward.offer.choices or []]
    is_whole = reward.payable_minor == reward.amount_minor
    return [kind for kind in kinds if is_whole or kind not in WHOLE]


def choose(
    reward: Reward, kind: Kind, charity: Charity | None, *, actor: Actor, at: datetime
) -> Choice:
    """Choose how a reward is given, and to which charity; what waited for it goes on at once.

    Raises RewardMoved once its grant has begun, and Invalid for what is not on offer.
    """
    lock(reward)
    if not can_choose(reward):
        raise RewardMoved("This reward is on its way already, so it cannot be changed any more.")
    allowed = options_of(reward) or [Kind.CHARITY]
    if kind not in allowed:
        raise Invalid(fields={"kind": "Choose one of what is offered."})
    if kind is Kind.CHARITY:
        _check_charity(charity)
    if kind != reward.kind:
        _set_kind(reward, kind)
    chosen = Choice(
        business_id=reward.business_id,
        reward_id=reward.id,
        kind=kind,
        charity_id=charity.id if charity and kind is Kind.CHARITY else None,
        actor_kind=actor.kind,
        actor_name=actor.name,
        at=at,
    )
    session.add(chosen)
    session.flush()
    _go_on(reward, at=at)
    return chosen


def await_choice(grant: Grant, *, at: datetime) -> None:
    """Wait for the person to choose; after the offer's days its first kind that fits is taken.

    Raises NotReady until then, NotNeeded when the reward has ended or it was chosen meanwhile.
    """
    reward = lock(grant.reward)
    if grant.state != GrantState.WAITING or reward.state != RewardState.APPROVED:
        raise NotNeeded
    days = reward.offer.choose_within_days
    if days is None or at < grant.created_at + timedelta(days=days):
        raise not_chosen(reward)
    for kind in options_of(reward):
        charity = default_charity() if kind is Kind.CHARITY else None
        if kind is not Kind.CHARITY or charity is not None:
            choose(reward, kind, charity, actor=SYSTEM, at=at)
            return
    raise not_chosen(reward)


def not_chosen(reward: Reward) -> NotReady:
    """Say what a reward waits for that nothing was chosen for: its person, or a charity to choose.

    A choice among other kinds can be made while no charity is on the list.
    """
    return NotReady(Waiting.CHOICE if _is_anything_on_offer(reward) else Waiting.NO_CHARITY)


def choice_of(reward_id: uuid.UUID) -> Choice | None:
    """Return the choice that counts for a reward."""
    query = select(Choice).where(Choice.reward_id == reward_id).order_by(Choice.id.desc())
    return session.scalar(query.limit(1))


def charity_for(reward: Reward) -> Charity | None:
    """Return the charity a reward goes to: the chosen one, or else the default."""
    chosen = choice_of(reward.id)
    if chosen is not None and chosen.charity is not None:
        return chosen.charity
    return default_charity()


def ask_to_choose(reward: Reward, *, at: datetime) -> None:
    """Tell a person by mail that they can choose, once there is something to choose from."""
    is_open = reward.kind == Kind.CHOICE
    if not is_open and (reward.kind != Kind.CHARITY or charity_for(reward) is not None):
        return
    if reward.person.email and _is_anything_on_offer(reward):
        notify(
            reward.business_id,
            "reward_to_choose",
            to=reward.person.email,
            once_key=f"reward_to_choose:{reward.id}",
            at=at,
            said={"reward": reward.public_id, "is_charity": not is_open},
        )


def _is_anything_on_offer(reward: Reward) -> bool:
    kinds = options_of(reward)
    return any(kind is not Kind.CHARITY for kind in kinds) or bool(charities(only_active=True))


def _is_settled(reward: Reward) -> bool:
    """A choice stays as it is once a refund took a part of what was chosen."""
    return reward.kind != Kind.CHOICE and reward.clawback_minor > 0


def _check_charity(charity: Charity | None) -> None:
    if charity is None and default_charity() is None:
        raise Invalid(fields={"charity": "Choose a charity."})
    if charity is not None and not charity.is_active:
        raise Invalid(fields={"charity": "This charity cannot be chosen any more."})


def _set_kind(reward: Reward, kind: Kind) -> None:
    """Set the kind by one conditional update, which a grant that has begun refuses."""
    set_ = session.execute(
        update(Reward)
        .where(Reward.id == reward.id, Reward.state.in_(OPEN))
        .where(or_(Reward.kind == Kind.CHOICE, Reward.clawback_minor == 0))
        .values(kind=kind)
        .execution_options(synchronize_session=False)
    )
    if changed(set_) != 1:
        raise RewardMoved
    session.refresh(reward)


def _go_on(reward: Reward, *, at: datetime) -> None:
    """Have the act of the chosen kind take the place of the one that waited."""
    act = open_grant(reward)
    if act is None:
        return
    gives = reward.way.gives
    if act.state != GrantState.WAITING:
        raise RewardMoved
    if act.operation == gives:
        wake_waiting(reward, at=at)
    else:
        drop_waiting(reward, at=at)
        plan_grant(reward, gives, amount_minor=reward.payable_minor, at=at)
    settle_debts(reward, at=at)
