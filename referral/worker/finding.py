"""Finds at the provider what this database does not know of, while a business reconciles (F-40).

An object of ours that no act here has made was made after the copy this database was restored
from. It is adopted by the act it was made for: the one of its key, else of its reward, else one of
the same worth for the same customer, because what is earned anew has other ids.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from referral.domain.businesses import Business, across_businesses
from referral.domain.people import customer_of, payee_of
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards.grants import (
    Asked,
    Done,
    GrantState,
    NotReady,
    Waiting,
    given_by,
    recipient_of,
)
from referral.domain.rewards.recovering import Recovery
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import NotFoundThere
from referral.worker.acts import done_of

_FREE_TIME = (Operation.EXTENSION, Operation.SHORTENING)
_SIGNS = {Operation.CREDIT: -1, Operation.DEBIT: 1}


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Objects of ours at a customer that no act here has made, by how sure it is whose."""

    of_key: list[Made]
    of_reward: list[Made]
    of_nobody: list[Made]


def adopted(grant: Grant, made: Made) -> tuple[Asked, Done]:
    """Say what an act would have asked for, had what was found been made by it, and the answer."""
    done = done_of(made, sign=-1 if made.amount_minor < 0 else 1)
    told = _TOLD_BY.get(Operation(grant.operation), {})
    named = {name: made.details[detail] for name, detail in told.items()}
    left_minor = done.amount_minor if grant.takes else None
    return Asked(made.customer_id, left_minor, parameters=named), done


def made_before(grant: Grant, account: StripeAccount, mode: Recovery) -> Made | None:
    """Return what an act has made already, by the provider's own word, before it was sent here.

    Raises NotReady while something there may be its own and cannot be told: of a reward that is
    not known here, and of another worth. Of free time only the last on a subscription is told, and
    another would wipe that out.
    """
    place, operation = _place_of(grant), Operation(grant.operation)
    if place is None or operation not in _LISTS:
        session.commit()
        return None
    held = held_at(account, place, (operation,))
    if operation in _FREE_TIME:
        _refuse_unsure_time(grant, held)
        return None
    unknown = _unknown_to(grant, held)
    for found in (*unknown.of_key, *unknown.of_reward):
        return found
    if grant.reward.earned_at > mode.began_at:
        return None
    same = [one for one in unknown.of_nobody if _is_worth(one, grant)]
    if same:
        return same[-1]
    if unknown.of_nobody and not grant.takes:
        raise NotReady(Waiting.RECOVERING)
    return None


def held_at(account: StripeAccount, place: str, operations: Iterable[Operation]) -> list[Made]:
    """List what some operations made for a customer or payee, or to a transfer; none when gone."""
    lists = {_LISTS[one] for one in operations if one in _LISTS}
    try:
        return [made for listed in lists for made in listed(account, place)]
    except NotFoundThere:
        return []


def strangers(business_id: uuid.UUID, held: Iterable[Made]) -> list[Made]:
    """Return the objects of ours that no act here has made, or may be making."""
    whose = public_id(Business.prefix, business_id)
    ours = [one for one in held if one.marks.get("wom_business") == whose]
    keys = [str(one.marks.get("wom_grant")) for one in ours]
    ids = [one.object_id for one in ours]
    query = select(Grant.object_id).where(Grant.object_id.in_(ids))
    known = set(session.scalars(query.execution_options(**across_businesses())))
    query = select(Grant.idempotency_key).where(Grant.idempotency_key.in_(keys))
    asked = set(session.scalars(query.execution_options(**across_businesses())))
    session.commit()
    return [
        one
        for one in ours
        if one.object_id not in known and str(one.marks.get("wom_grant")) not in asked
    ]


def _unknown_to(grant: Grant, held: list[Made]) -> _Unknown:
    sign = _SIGNS.get(Operation(grant.operation), 0)
    held = [one for one in held if sign * one.amount_minor >= 0]
    mine = public_id(Reward.prefix, grant.reward_id)
    others = strangers(grant.business_id, held)
    rewards = {str(one.marks.get("wom_reward")) for one in others}
    known = {one for one in rewards if _is_known_reward(one)}
    return _Unknown(
        of_key=[one for one in held if one.marks.get("wom_grant") == grant.idempotency_key],
        of_reward=[one for one in others if one.marks.get("wom_reward") == mine],
        of_nobody=[one for one in others if str(one.marks.get("wom_reward")) not in known],
    )


def _refuse_unsure_time(grant: Grant, held: list[Made]) -> None:
    """Wait for somebody while the last change of a subscription is none that was sent here."""
    keys = [str(one.marks.get("wom_grant")) for one in held]
    query = select(Grant.id).where(
        Grant.idempotency_key.in_(keys), Grant.state == GrantState.WAITING
    )
    unsent = session.scalar(query.limit(1))
    if unsent is not None or strangers(grant.business_id, held):
        raise NotReady(Waiting.RECOVERING)


def _place_of(grant: Grant) -> str | None:
    """Return where a grant's object would be: at a customer, a payee, or the transfer it takes."""
    if grant.operation == Operation.TRANSFER:
        payee = payee_of(grant.reward.person_id)
        return payee.account_id if payee else None
    if grant.operation == Operation.REVERSAL:
        given = given_by(grant.reward)
        return given.object_id if given else None
    return recipient_of(grant) if grant.takes else customer_of(grant.reward.person)


def _is_known_reward(written: str) -> bool:
    try:
        key = parse_public_id(Reward.prefix, written)
    except NotFound:
        return False
    known = session.scalar(select(Reward.id).where(Reward.id == key)) is not None
    session.commit()
    return known


def _is_worth(made: Made, grant: Grant) -> bool:
    if not grant.has_amount:
        return True
    wanted = grant.amount_minor if grant.takes else grant.reward.payable_minor
    return (abs(made.amount_minor), made.currency) == (wanted, grant.currency)


_LISTS: dict[Operation, Callable[[StripeAccount, str], list[Made]]] = {
    Operation.CREDIT: StripeAccount.balance_changes,
    Operation.DEBIT: StripeAccount.balance_changes,
    Operation.PROMOTION_CODE: StripeAccount.promotion_codes,
    Operation.EXTENSION: StripeAccount.extensions_of,
    Operation.SHORTENING: StripeAccount.extensions_of,
    Operation.REFUND: StripeAccount.refunds_to,
    Operation.TRANSFER: StripeAccount.transfers_to,
    Operation.REVERSAL: StripeAccount.reversals_of,
}

_TOLD_BY: dict[Operation, dict[str, str]] = {
    Operation.REFUND: {"payment": "payment_intent"},
    Operation.REVERSAL: {"transfer": "transfer"},
}
"""Which parameter of an act stands in which detail of its object."""
