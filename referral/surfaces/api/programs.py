"""Programs: their rules, their offers of today, and what is left of the budget."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from sqlalchemy import select

from referral.domain.programs import (
    Approval,
    Fulfilment,
    Kind,
    Offer,
    Program,
    ProgramState,
    Side,
    TouchRule,
    Trigger,
    find_program,
)
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.surfaces.api.contract import Moment, Money, OfferId, Out, Page, ProgramId
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Resource

route = Resource("Programs", "What you promise to whom; they are made in the console.")


class UnknownProgram(NotFound):
    """No program of the business has this id."""

    code = "unknown_program"
    message = "There is no such program."


class StepOut(Out):
    """What each friend earns from a place on; either `amount` or `rate_bp` is set."""

    from_friend: int
    amount: Money | None
    rate_bp: int | None


class OfferOut(Out):
    """One version of what one side gets: `amount`, `rate_bp`, or `words` for a thank-you."""

    id: OfferId
    side: Side
    version: int
    trigger: Trigger
    kind: Kind
    amount: Money | None
    rate_bp: Annotated[int | None, Field(description="In basis points: 2000 is 20 %.")]
    cap: Annotated[Money | None, Field(description="The most one reward of a rate can be.")]
    person_cap: Annotated[Money | None, Field(description="The most one person can get in all.")]
    minimum: Annotated[Money, Field(description="The least a purchase must be, less tax.")]
    minimum_payout: Annotated[
        Money | None, Field(description="Of money: what must have gathered before it is sent.")
    ]
    hold_days: int
    periods: Annotated[int | None, Field(description="How many periods a free_period gives.")]
    words: Annotated[str | None, Field(description="The thank-you of a recognition.")]
    own_words: Annotated[
        bool, Field(description="Each recognition waits for somebody to write its words.")
    ]
    choices: Annotated[list[Kind] | None, Field(description="What a choice lets people choose.")]
    choose_within_days: Annotated[
        int | None, Field(description="After so many days the first of the choices is taken.")
    ]
    times: Annotated[
        int | None, Field(description="At most so many purchases or renewals of one friend.")
    ]
    milestone_every: Annotated[
        int | None, Field(description="Given each time so many friends have bought.")
    ]
    milestone_at: Annotated[
        int | None, Field(description="Given once, when so many friends have bought.")
    ]
    steps: Annotated[
        list[StepOut], Field(description="What each friend earns, by how many came before them.")
    ]
    credit_life_days: Annotated[int | None, Field(description="How long store credit lasts.")]
    fulfilment: Annotated[
        Fulfilment | None,
        Field(description="Of a gift: from a `stock` of codes, or by your server (`webhook`)."),
    ]
    discount_days: Annotated[
        int | None, Field(description="How long a discount's code may be used.")
    ]
    discount_minimum: Annotated[
        Money | None, Field(description="The smallest order a discount's code may be used on.")
    ]
    first_order_only: Annotated[
        bool, Field(description="Nobody who has paid before may use a discount's code.")
    ]
    fallback_kind: Annotated[
        Kind | None, Field(description="What is given instead of credit to who is no customer.")
    ]
    fallback_days: Annotated[
        int | None, Field(description="How long a customer is waited for before that.")
    ]

    @classmethod
    def of(cls, offer: Offer) -> OfferOut:
        """Write an offer."""
        return cls(
            id=offer.public_id,
            side=Side(offer.side),
            version=offer.version,
            trigger=Trigger(offer.trigger),
            kind=Kind(offer.kind),
            amount=_money(offer.amount_minor, offer.currency),
            rate_bp=offer.rate_bp,
            cap=_money(offer.cap_minor, offer.currency),
            person_cap=_money(offer.person_cap_minor, offer.currency),
            minimum=Money.of(offer.minimum_minor, offer.currency),
            minimum_payout=_money(offer.minimum_payout_minor, offer.currency),
            hold_days=offer.hold_days,
            periods=offer.periods,
            words=offer.words,
            own_words=offer.own_words,
            choices=[Kind(name) for name in offer.choices] if offer.choices else None,
            choose_within_days=offer.choose_within_days,
            times=offer.times,
            milestone_every=offer.milestone_every,
            milestone_at=offer.milestone_at,
            steps=[
                StepOut(
                    from_friend=step.friends,
                    amount=_money(step.amount_minor, offer.currency),
                    rate_bp=step.rate_bp,
                )
                for step in offer.tiers
            ],
            credit_life_days=offer.credit_life_days,
            fulfilment=offer.fulfilled_by,
            discount_days=offer.discount_days,
            discount_minimum=_money(offer.discount_minimum_minor, offer.currency),
            first_order_only=offer.first_order_only,
            fallback_kind=Kind(offer.fallback_kind) if offer.fallback_kind else None,
            fallback_days=offer.fallback_days,
        )


class BudgetOut(Out):
    """What a program may spend; without a limit, `limit` and `left` are null."""

    limit: Money | None
    committed: Money
    left: Money | None


class ProgramOut(Out):
    """One program."""

    id: ProgramId
    name: str
    state: ProgramState
    landing_url: str
    currency: str
    touch_rule: Annotated[
        TouchRule, Field(description="Which of several equally weighty pieces of evidence wins.")
    ]
    approval: Annotated[Approval, Field(description="Who approves a reward after its hold.")]
    automatic_below: Annotated[
        Money | None, Field(description="Rewards of this amount and more wait for a person.")
    ]
    second_person_from: Annotated[
        Money | None, Field(description="Rewards of this amount and more need two people.")
    ]
    day_cap: Annotated[Money | None, Field(description="The most one person can get in a day.")]
    month_cap: Annotated[Money | None, Field(description="The most one person can get in a month.")]
    household_cap: Annotated[Money | None, Field(description="The most one household can get.")]
    expire_days: Annotated[
        int | None, Field(description="How long a reward waits for its person; null: for ever.")
    ]
    click_window_days: int
    qualify_window_days: int
    hold_days: int
    budget: BudgetOut
    offers: Annotated[list[OfferOut], Field(description="The newest version of each side's offer.")]
    created_at: Moment


class ProgramsOut(Page[ProgramOut]):
    """A page of programs."""


@route.get("/programs", gives=ProgramsOut, asks=PageAsked)
def list_programs(call: Call, asked: PageAsked) -> ProgramsOut:
    """List your programs."""
    programs, after = page(call.business, "programs", select(Program), Program.id, asked)
    offers = _offers_of([program.id for program in programs])
    return ProgramsOut(items=[_written(one, offers[one.id]) for one in programs], next=after)


@route.get("/programs/{program}", gives=ProgramOut, refuses=(NotFound,))
def get_program(call: Call, program: str) -> ProgramOut:
    """Show one program."""
    found = find_program(call.business.id, program)
    return _written(found, _offers_of([found.id])[found.id])


def program_named(call: Call, text: str) -> Program:
    """Return the program a body names; raises UnknownProgram."""
    try:
        return find_program(call.business.id, text)
    except NotFound:
        raise UnknownProgram from None


def _offers_of(programs: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, Offer]]:
    query = select(Offer).where(Offer.program_id.in_(programs)).order_by(Offer.version)
    newest: dict[uuid.UUID, dict[str, Offer]] = defaultdict(dict)
    for offer in session.scalars(query):
        newest[offer.program_id][offer.side] = offer
    return newest


def _written(program: Program, offers: dict[str, Offer]) -> ProgramOut:
    return ProgramOut(
        id=program.public_id,
        name=program.name,
        state=ProgramState(program.state),
        landing_url=program.landing_url,
        currency=program.currency,
        touch_rule=TouchRule(program.touch_rule),
        approval=Approval(program.approval),
        automatic_below=_money(program.automatic_below_minor, program.currency),
        second_person_from=_money(program.second_person_from_minor, program.currency),
        day_cap=_money(program.day_cap_minor, program.currency),
        month_cap=_money(program.month_cap_minor, program.currency),
        household_cap=_money(program.household_cap_minor, program.currency),
        expire_days=program.expire_days,
        click_window_days=program.click_window_days,
        qualify_window_days=program.qualify_window_days,
        hold_days=program.hold_days,
        budget=BudgetOut(
            limit=_money(program.budget_minor, program.currency),
            committed=Money.of(program.committed_minor, program.currency),
            left=_money(program.left_minor, program.currency),
        ),
        offers=[OfferOut.of(offers[side]) for side in sorted(offers)],
        created_at=program.created_at,
    )


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money.of(amount_minor, currency)
