"""Money that is paid out: what waits and for what, what was sent, and what came back.

Reads only.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from referral.domain.people import Payee, payee_of
from referral.domain.programs import Kind, Offer
from referral.domain.rewards import Grant, Operation, Reward, RewardState
from referral.domain.rewards.grants import GrantState, Waiting
from referral.foundation.db import session
from referral.foundation.ids import parse_public_id

PAGE = 50
_TO_COME = (RewardState.APPROVED, RewardState.GRANTING)
_OPEN = (GrantState.WAITING, GrantState.SENDING)


@dataclass(frozen=True, slots=True)
class Payout:
    """One transfer or reversal with its reward, and where the money goes."""

    grant: Grant
    reward: Reward
    payee: Payee | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What is paid out in one currency: to come, of it short of balance, sent, taken back."""

    currency: str
    waiting_minor: int
    short_minor: int
    sent_minor: int
    back_minor: int


@dataclass(slots=True)
class Coming:
    """What is to be paid to a person in one currency: free to go, gathering, or held.

    What gathers goes all at once when it reaches `least_minor`, the smallest payout of any of it.
    """

    currency: str
    free_minor: int = 0
    gathering_minor: int = 0
    held_minor: int = 0
    least_minor: int = 0

    @property
    def missing_minor(self) -> int:
        """Return how much has to come yet before what gathers is paid."""
        return max(0, self.least_minor - self.gathering_minor)

    @property
    def ready_minor(self) -> int:
        """Return what can be paid without anything more to come."""
        return self.free_minor + (0 if self.missing_minor else self.gathering_minor)


def coming_to(person_id: uuid.UUID) -> list[Coming]:
    """Add up what is approved to be paid to a person and was not sent yet, by currency."""
    left = Reward.amount_minor - Reward.withheld_minor - Reward.netted_minor
    parts = (Reward.open_holds, Offer.minimum_payout_minor, Grant.state, Grant.gathered_at)
    transfer = and_(Grant.reward_id == Reward.id, _is(Operation.TRANSFER), Grant.state.in_(_OPEN))
    query = (
        select(Reward.currency, *parts, func.sum(left))
        .join(Offer, Offer.id == Reward.offer_id)
        .outerjoin(Grant, transfer)
        .where(Reward.person_id == person_id, Reward.kind == Kind.CASH)
        .where(Reward.state.in_(_TO_COME), left > 0)
        .group_by(Reward.currency, *parts)
        .order_by(Reward.currency)
    )
    found: dict[str, Coming] = {}
    for currency, holds, least_minor, state, gathered_at, total in session.execute(query):
        one = found.setdefault(currency, Coming(currency))
        if holds:
            one.held_minor += int(total)
        elif least_minor is None or state != GrantState.WAITING or gathered_at is not None:
            one.free_minor += int(total)
        else:
            one.gathering_minor += int(total)
            one.least_minor = min(one.least_minor or least_minor, least_minor)
    return list(found.values())


def is_paid_in_money(person_id: uuid.UUID) -> bool:
    """Tell whether a person earned money that is to be paid out, or set up where it is sent."""
    earned = select(Reward.id).where(
        Reward.person_id == person_id,
        Reward.kind == Kind.CASH,
        Reward.state.in_((RewardState.PENDING, *_TO_COME, RewardState.GRANTED)),
    )
    begun = select(Payee.id).where(Payee.person_id == person_id)
    return bool(session.scalar(select(or_(earned.exists(), begun.exists()))))


def asks_where_to_send(person_id: uuid.UUID) -> bool:
    """Tell whether a person earned money and it is not settled yet where it can be sent."""
    if not is_paid_in_money(person_id):
        return False
    payee = payee_of(person_id)
    return payee is None or not payee.can_be_paid


def payout_sums(business_id: uuid.UUID) -> list[Sums]:
    """Add up a business's payouts by currency; two currencies are never added."""
    sends, takes = _is(Operation.TRANSFER), _is(Operation.REVERSAL)
    waits = Grant.state.in_(_OPEN)
    is_short = and_(waits, Grant.waits_for == Waiting.BALANCE)
    done = Grant.state == GrantState.DONE

    def total(*which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((and_(*which), Grant.amount_minor), else_=0))

    query = (
        select(
            Grant.currency,
            total(sends, waits),
            total(sends, is_short),
            total(sends, done),
            total(takes, done),
        )
        .where(Grant.business_id == business_id, or_(sends, takes))
        .group_by(Grant.currency)
        .order_by(Grant.currency)
    )
    return [Sums(row[0], *map(int, row[1:])) for row in session.execute(query)]


def payouts(show: str, after: str | None) -> tuple[Sequence[Payout], str | None]:
    """List payouts, the newest first: `show` is waiting, sent, reversed, failed or empty.

    The second part is the cursor of the next page.
    """
    query = (
        select(Grant, Payee)
        .join(Reward, Reward.id == Grant.reward_id)
        .outerjoin(Payee, and_(Payee.person_id == Reward.person_id, Payee.left_at.is_(None)))
        .where(*_shown(show))
        .options(
            joinedload(Grant.reward).joinedload(Reward.person),
            joinedload(Grant.reward).joinedload(Reward.program),
        )
    )
    if after:
        query = query.where(Grant.id < parse_public_id(Grant.prefix, after))
    found = session.execute(query.order_by(Grant.id.desc()).limit(PAGE + 1)).unique().all()
    rows = [Payout(grant, grant.reward, payee) for grant, payee in found]
    shown = rows[:PAGE]
    return shown, shown[-1].grant.public_id if len(rows) > PAGE else None


def debts(after: str | None) -> tuple[Sequence[Reward], str | None]:
    """List the rewards something is owed of, the newest first, and the cursor of the next page."""
    query = (
        select(Reward)
        .where(Reward.owed_minor > Reward.settled_minor + Reward.forgiven_minor)
        .options(joinedload(Reward.person), joinedload(Reward.program))
    )
    if after:
        query = query.where(Reward.id < parse_public_id(Reward.prefix, after))
    rows = session.scalars(query.order_by(Reward.id.desc()).limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    return shown, shown[-1].public_id if len(rows) > PAGE else None


def _shown(show: str) -> list[ColumnElement[bool]]:
    both = or_(_is(Operation.TRANSFER), _is(Operation.REVERSAL))
    return {
        "waiting": [_is(Operation.TRANSFER), Grant.state.in_(_OPEN)],
        "sent": [
            _is(Operation.TRANSFER),
            Grant.state == GrantState.DONE,
            Grant.amount_minor > 0,
        ],
        "reversed": [_is(Operation.REVERSAL)],
        "failed": [both, Grant.state == GrantState.FAILED],
    }.get(show, [both, Grant.state != GrantState.REPLACED])


def _is(operation: Operation) -> ColumnElement[bool]:
    return Grant.operation == operation
