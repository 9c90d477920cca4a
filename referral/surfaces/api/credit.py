"""Store credit: what people have to spend with you, spent and given back by your server."""

from __future__ import annotations

import json
from typing import Annotated

from flask import Blueprint, Response
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.people.people import IdentityConflict
from referral.domain.reports.credit import Lots, credit_of, find_redemption
from referral.domain.rewards import CreditLot, Redemption, redeem, reverse
from referral.domain.rewards.redemptions import NotEnoughCredit, RedemptionDiffers
from referral.foundation import money
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.api.contract import (
    Currency,
    In,
    Moment,
    Money,
    Note,
    Out,
    OwnId,
    Page,
    PersonId,
    PositiveMinor,
    RedemptionId,
    RewardId,
    Why,
)
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Kept, Resource
from referral.surfaces.api.naming import UnknownPerson, WhoPaid, person_named
from referral.surfaces.web.errors import problem, status_of

route = Resource("Store credit", "Credit that we keep: what people have, and what they spent.")


class RedemptionIn(In):
    """What somebody pays with their credit; `external_id` is your own id of the order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person": {"external_id": "customer-1041"},
                    "external_id": "order-2026-120",
                    "amount_minor": 350,
                    "currency": "eur",
                    "note": "Two cakes",
                }
            ]
        }
    )

    person: WhoPaid
    external_id: OwnId
    amount_minor: PositiveMinor
    currency: Currency
    note: Note | None = None


class ReversalIn(In):
    """Why the credit comes back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Order cancelled."}]})

    reason: Why


class ReversalOut(Out):
    """A redemption undone: of `returned`, `repaid` paid a debt and `expired` had ended."""

    returned: Money
    repaid: Money
    expired: Money
    reason: str | None
    at: Moment


class RedemptionOut(Out):
    """Credit that was spent, and its reversal if there was one."""

    id: RedemptionId
    external_id: str
    person: PersonId
    amount: Money
    note: str | None
    at: Moment
    reversal: ReversalOut | None

    @classmethod
    def of(cls, redemption: Redemption) -> RedemptionOut:
        """Write a redemption."""
        return cls(
            id=redemption.public_id,
            external_id=redemption.external_id,
            person=public_id("per", redemption.person_id),
            amount=Money.of(redemption.amount_minor, redemption.currency),
            note=redemption.note,
            at=redemption.at,
            reversal=_reversal(redemption),
        )


class RedemptionsOut(Page[RedemptionOut]):
    """A page of redemptions."""


class RedemptionsAsked(PageAsked):
    """Which redemptions to list."""

    person: PersonId | None = None
    external_id: OwnId | None = None


class LotOut(Out):
    """The credit of one reward and what is left of it."""

    reward: RewardId
    granted: Money
    left: Money
    granted_at: Moment
    expires_at: Annotated[Moment | None, Field(description="From then on it cannot be spent.")]

    @classmethod
    def of(cls, lot: CreditLot) -> LotOut:
        """Write a lot."""
        return cls(
            reward=public_id("rwd", lot.reward_id),
            granted=Money.of(lot.granted_minor, lot.currency),
            left=Money.of(lot.left_minor, lot.currency),
            granted_at=lot.granted_at,
            expires_at=lot.expires_at,
        )


class CreditBalanceOut(Out):
    """What can be spent in one currency now, in the order in which it will be."""

    balance: Money
    lots: list[LotOut]

    @classmethod
    def of(cls, kept: Lots) -> CreditBalanceOut:
        """Write a balance."""
        balance = Money.of(kept.balance.amount_minor, kept.balance.currency)
        return cls(balance=balance, lots=[LotOut.of(lot) for lot in kept.lots])


class PersonCreditOut(Out):
    """What somebody has to spend, by currency."""

    person: PersonId
    balances: list[CreditBalanceOut]


@route.post(
    "/credit/redemptions",
    takes=RedemptionIn,
    gives=RedemptionOut,
    creates=True,
    refuses=(UnknownPerson, IdentityConflict, NotEnoughCredit, RedemptionDiffers),
)
def redeem_credit(call: Call, sent: RedemptionIn) -> Kept:
    """Take what somebody pays with their credit: all of it, or nothing.

    The same `external_id` again is the same redemption (200); said differently it is refused.
    Where there is too little, nothing is taken, and the refusal says what is `left`.
    """
    person = sent.person.person(call.business)
    redemption, is_new = redeem(
        person,
        sent.external_id,
        money.Money(sent.amount_minor, sent.currency),
        actor=call.actor,
        at=call.at,
        note=sent.note,
    )
    return Kept(RedemptionOut.of(redemption), is_new)


@route.get("/credit/redemptions", gives=RedemptionsOut, asks=RedemptionsAsked)
def list_redemptions(call: Call, asked: RedemptionsAsked) -> RedemptionsOut:
    """List redemptions, of one person or of one `external_id` if you like."""
    query = select(Redemption).options(joinedload(Redemption.reversal))
    if asked.person is not None:
        query = query.where(Redemption.person_id == parse_public_id("per", asked.person))
    if asked.external_id is not None:
        query = query.where(Redemption.external_id == asked.external_id)
    rows, after = page(call.business, "redemptions", query, Redemption.id, asked)
    return RedemptionsOut(items=[RedemptionOut.of(row) for row in rows], next=after)


@route.get("/credit/redemptions/{redemption}", gives=RedemptionOut, refuses=(NotFound,))
def get_redemption(call: Call, redemption: str) -> RedemptionOut:
    """Show one redemption."""
    return RedemptionOut.of(find_redemption(redemption))


@route.post(
    "/credit/redemptions/{redemption}/reversal",
    takes=ReversalIn,
    gives=RedemptionOut,
    refuses=(NotFound,),
)
def reverse_redemption(call: Call, sent: ReversalIn, redemption: str) -> RedemptionOut:
    """Give the credit of a cancelled order back, once, however often this is sent.

    It goes to the lots it was taken from. It first pays what a refund could not take back of
    their rewards, and what has ended meanwhile expires at once.
    """
    found = find_redemption(redemption)
    reverse(found, actor=call.actor, at=call.at, reason=sent.reason)
    return RedemptionOut.of(found)


@route.get("/people/{person}/credit", gives=PersonCreditOut, refuses=(NotFound,))
def get_credit(call: Call, person: str) -> PersonCreditOut:
    """Show what somebody has to spend, by currency, with each lot and when it ends."""
    found = person_named(person)
    balances = [CreditBalanceOut.of(kept) for kept in credit_of(found.id, at=call.at)]
    return PersonCreditOut(person=found.public_id, balances=balances)


def say_what_is_left(api: Blueprint) -> None:
    """Answer too little credit with what there is, as an amount a program can read."""
    api.register_error_handler(NotEnoughCredit, _too_little)


def _too_little(refusal: NotEnoughCredit) -> Response:
    answer = problem(status_of(refusal), refusal.code, refusal.message, fields=refusal.fields)
    if refusal.left is not None:
        left = Money.of(refusal.left.amount_minor, refusal.left.currency).model_dump()
        answer.set_data(json.dumps({**(answer.get_json() or {}), "left": left}))
    return answer


def _reversal(redemption: Redemption) -> ReversalOut | None:
    done = redemption.reversal
    if done is None:
        return None
    return ReversalOut(
        returned=Money.of(done.returned_minor, redemption.currency),
        repaid=Money.of(done.repaid_minor, redemption.currency),
        expired=Money.of(done.expired_minor, redemption.currency),
        reason=done.reason,
        at=done.at,
    )
