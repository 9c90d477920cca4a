"""Finds at the provider what this database does not know of, while a business reconciles (F-40).

An object of ours that no act here has made was made after the copy this database was restored
from. It is adopted by the act it was made for: the one of its key, else of its reward, else one of
the same worth for the same customer, because what is earned anew has other ids. What was given
and partly taken back since counts as what is left of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from referral.domain.people import customer_of, payee_of
from referral.domain.programs import Side, Trigger
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
from referral.worker.acts import done_of
from referral.worker.acts.codes import coupon_of
from referral.worker.strangers import LISTS, held_at, strangers

_FREE_TIME = (Operation.EXTENSION, Operation.SHORTENING)
_SIGNS = {Operation.CREDIT: -1, Operation.DEBIT: 1}


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Objects of ours at a customer that no act here has made, by how sure it is whose.

    `taken` is how much was taken back since of what each reward gave, by the reward's mark.
    """

    of_key: list[Made]
    of_reward: list[Made]
    of_nobody: list[Made]
    taken: Counter[str]


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
    not known here, and of another worth; or of the same, where it was earned since, for a purchase
    may be told anew without its time. Of free time only the last on a subscription is told, and
    another would wipe that out.
    """
    place, operation = _place_of(grant), Operation(grant.operation)
    if place is None or operation not in LISTS:
        session.commit()
        return None
    held = held_at(account, place, operation)
    if operation in _FREE_TIME:
        _refuse_unsure_time(grant, held)
        return None
    unknown = _unknown_to(grant, held)
    for found in (*unknown.of_key, *reversed(unknown.of_reward)):
        return found
    alike = _of_its_worth(grant, unknown)
    if grant.reward.earned_at > mode.began_at and not _is_welcome(grant):
        if alike and not grant.takes:
            raise NotReady(Waiting.RECOVERING)
        return None
    for found in alike:
        return found
    if unknown.of_nobody and not grant.takes:
        raise NotReady(Waiting.RECOVERING)
    return None


def _is_welcome(grant: Grant) -> bool:
    """Tell whether it is a friend's code for their signup: one in a life, whenever it is told."""
    reward = grant.reward
    is_code = grant.operation == Operation.PROMOTION_CODE
    return is_code and reward.side == Side.FRIEND and reward.offer.trigger == Trigger.SIGNUP


def _unknown_to(grant: Grant, held: list[Made]) -> _Unknown:
    names = _names_of(grant, held)
    others = strangers(grant.business_id, held)
    known = names | {one for one in map(_reward_in, others) if _is_known_reward(one)}
    made = _alike(grant, others)
    key = grant.idempotency_key
    return _Unknown(
        of_key=[one for one in _alike(grant, held) if one.marks.get("wom_grant") == key],
        of_reward=[one for one in made if _reward_in(one) in names],
        of_nobody=[one for one in made if _reward_in(one) not in known],
        taken=_taken(Operation(grant.operation), others),
    )


def _alike(grant: Grant, made: Iterable[Made]) -> list[Made]:
    """Return what gave where a grant gives, and what took where it takes."""
    sign = _SIGNS.get(Operation(grant.operation), 0)
    return [one for one in made if sign * one.amount_minor >= 0]


def _names_of(grant: Grant, held: Iterable[Made]) -> set[str]:
    """Return the marks of a grant's reward: its own, and what the object bears that it adopted.

    All that was taken back of a transfer is of the reward the transfer gave.
    """
    names = {public_id(Reward.prefix, grant.reward_id)}
    given = given_by(grant.reward) if grant.takes else None
    if given is None:
        return names
    is_of_it = grant.operation == Operation.REVERSAL
    return names | {_reward_in(one) for one in held if is_of_it or one.object_id == given.object_id}


def _taken(operation: Operation, others: Iterable[Made]) -> Counter[str]:
    taken: Counter[str] = Counter()
    for one in others:
        if operation == Operation.CREDIT:
            taken[_reward_in(one)] += max(0, one.amount_minor)
        elif operation == Operation.TRANSFER:
            taken[_reward_in(one)] += int(one.details["amount_reversed"])
    return taken


def _of_its_worth(grant: Grant, unknown: _Unknown) -> list[Made]:
    """List what may as well be a grant's own, since it is worth the same, the best first.

    A code is worth its coupon. What is left of an object after what was taken of it since must be
    what the reward is to give after what refunds withheld of it; then what was made of the whole
    worth, the oldest first.
    """
    found = list(reversed(unknown.of_nobody))
    if not grant.has_amount:
        return [one for one in found if one.details["coupon"] == coupon_of(grant)]
    found = [one for one in found if one.currency == grant.currency]
    if grant.takes:
        return [one for one in found if one.amount_minor == grant.amount_minor]
    to_give = grant.reward.payable_minor
    left = [one for one in found if _is_left_of(one, grant.reward, unknown)]
    whole = [one for one in found if abs(one.amount_minor) == to_give]
    whole.sort(key=lambda one: unknown.taken[_reward_in(one)] > 0)
    return left + whole


def _is_left_of(one: Made, reward: Reward, unknown: _Unknown) -> bool:
    """Tell whether a part was taken of an object, and what is left is what a reward is to give."""
    mark = _reward_in(one)
    taken = unknown.taken[mark]
    is_only = [_reward_in(other) for other in unknown.of_nobody].count(mark) == 1
    is_right = abs(one.amount_minor) - taken == reward.payable_minor
    return is_only and is_right and 0 < taken <= reward.withheld_minor


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


def _reward_in(made: Made) -> str:
    return str(made.marks.get("wom_reward"))


def _is_known_reward(written: str) -> bool:
    try:
        key = parse_public_id(Reward.prefix, written)
    except NotFound:
        return False
    known = session.scalar(select(Reward.id).where(Reward.id == key)) is not None
    session.commit()
    return known


_TOLD_BY: dict[Operation, dict[str, str]] = {
    Operation.REFUND: {"payment": "payment_intent"},
    Operation.REVERSAL: {"transfer": "transfer"},
}
"""Which parameter of an act stands in which detail of its object."""
