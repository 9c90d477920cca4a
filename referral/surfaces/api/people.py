"""People: anyone the business knows, their links, and the discounts that wait for them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from sqlalchemy import select

from referral.domain import journey
from referral.domain.links import Link
from referral.domain.people import Person, customer_of, live_together
from referral.domain.people.people import IdentityConflict
from referral.domain.programs.programs import ProgramNotOpen
from referral.domain.reports.discounts import Discount, discounts_of
from referral.domain.rewards import RewardState
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.api.contract import (
    Email,
    Moment,
    Money,
    Out,
    OwnId,
    Page,
    PersonId,
    ProgramId,
    RewardId,
)
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Kept, Resource
from referral.surfaces.api.links import LinkOut
from referral.surfaces.api.naming import NamedPerson, minding_address, named_by
from referral.surfaces.api.programs import UnknownProgram, program_named

route = Resource(
    "People", "Anyone you know. Somebody with a link is an advocate; a referral names a friend."
)


class PersonIn(NamedPerson):
    """Somebody you know; `enroll` gives them a link in each of these programs."""

    model_config = ConfigDict(
        json_schema_extra={
            **named_by("external_id", "email"),
            "examples": [
                {
                    "external_id": "customer-1041",
                    "email": "alice@mail.example",
                    "name": "Alice Archer",
                    "stripe_customer_id": "cus_QxT41bWc0a",
                }
            ],
        }
    )

    enroll: Annotated[list[ProgramId], Field(max_length=20)] = Field(default_factory=list)
    household: Annotated[
        str | None,
        Field(
            max_length=300,
            description=(
                "Any text that is the same for all of a household, such as a postal address or your"
                " own id of it; only a keyed hash is stored. Empty: a household of their own."
            ),
        ),
    ] = None


class PersonOut(Out):
    """Somebody you know. `known_since` is when they became your customer, if they did."""

    id: PersonId
    external_id: str | None
    email: str | None
    name: str | None
    first_seen_at: Moment
    known_since: Moment | None

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        """Write a person."""
        return cls(**_said_of(person))


class DiscountOut(Out):
    """Somebody's discount; once granted, pass `promotion_code` to Stripe Checkout as it is.

    Only `stripe_customer_id` can use the code, so name that customer in the session. A used one
    is answered until a purchase of theirs is told; Stripe refuses it a second time.
    """

    reward: RewardId
    program: ProgramId
    state: RewardState
    amount: Money | None
    rate_bp: int | None
    promotion_code: Annotated[str | None, Field(examples=["promo_1QxT41bWc0a"])]
    stripe_customer_id: Annotated[str | None, Field(examples=["cus_QxT41bWc0a"])]

    @classmethod
    def of(cls, discount: Discount) -> DiscountOut:
        """Write a discount."""
        reward = discount.reward
        rate_bp = reward.inputs["rate_bp"]
        amount = Money.of(reward.payable_minor, reward.currency) if rate_bp is None else None
        return cls(
            reward=reward.public_id,
            program=public_id("prg", reward.program_id),
            state=RewardState(reward.state),
            amount=amount,
            rate_bp=rate_bp,
            promotion_code=discount.promotion_code,
            stripe_customer_id=discount.customer_id,
        )


class PersonDetailOut(PersonOut):
    """Somebody you know, with their links and the discounts that wait for them, if any do.

    `discounts` has all that have not ended or been used, the newest first; `discount` is the newest
    of them that has a code, or else the newest.
    """

    stripe_customer_id: str | None
    links: list[LinkOut]
    discount: DiscountOut | None
    discounts: list[DiscountOut]


class PeopleOut(Page[PersonOut]):
    """A page of people."""


class PeopleAsked(PageAsked):
    """Which people to list."""

    external_id: OwnId | None = None
    email: Email | None = None


@route.post(
    "/people",
    takes=PersonIn,
    gives=PersonDetailOut,
    creates=True,
    refuses=(UnknownProgram, ProgramNotOpen, IdentityConflict),
)
def keep_person(call: Call, sent: PersonIn) -> Kept:
    """Tell us of a customer, and give them a link.

    Somebody of the same `external_id` or `email` is found again (200), and what is new about them
    is kept. `links` then holds their link in each program of `enroll`, in that order. Where a
    program is paused or closed, a link given before is answered again, and a new one is refused
    (`program_not_open`); a refused call keeps nothing. A `stripe_customer_id` that is somebody
    else's already stays theirs: the answer has null then, or the customer they had.
    """
    programs = [program_named(call, text) for text in dict.fromkeys(sent.enroll)]
    with minding_address(call.business, sent.identity, at=call.at):
        person, is_new = journey.introduce(call.business, sent.identity, at=call.at)
    if sent.household is not None:
        live_together(person, sent.household)
    links = [journey.enroll(person, program, at=call.at) for program in programs]
    return Kept(
        _detailed(person, links, at=call.at), is_new=is_new and person.first_seen_at == call.at
    )


@route.get("/people", gives=PeopleOut, asks=PeopleAsked)
def list_people(call: Call, asked: PeopleAsked) -> PeopleOut:
    """List people, or find the one of an `external_id` or `email`."""
    query = select(Person)
    if asked.external_id is not None:
        query = query.where(Person.external_id == asked.external_id)
    if asked.email is not None:
        query = query.where(Person.email == asked.email)
    rows, after = page(call.business, "people", query, Person.id, asked)
    return PeopleOut(items=[PersonOut.of(row) for row in rows], next=after)


@route.get("/people/{person}", gives=PersonDetailOut, refuses=(NotFound,))
def get_person(call: Call, person: str) -> PersonDetailOut:
    """Show one person, with their links and their discounts."""
    query = select(Person).where(Person.id == parse_public_id(Person.prefix, person))
    found = session.scalar(query)
    if found is None:
        raise NotFound
    links = session.scalars(select(Link).where(Link.person_id == found.id).order_by(Link.id))
    return _detailed(found, list(links), at=call.at)


def _detailed(person: Person, links: list[Link], *, at: datetime) -> PersonDetailOut:
    discounts = [DiscountOut.of(one) for one in discounts_of(person, at=at)]
    with_code = [one for one in discounts if one.promotion_code is not None]
    return PersonDetailOut(
        **_said_of(person),
        stripe_customer_id=customer_of(person),
        links=[LinkOut.of(link, at=at) for link in links],
        discount=next(iter(with_code or discounts), None),
        discounts=discounts,
    )


def _said_of(person: Person) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "external_id": person.external_id,
        "email": person.email,
        "name": person.name,
        "first_seen_at": person.first_seen_at,
        "known_since": person.known_since,
    }
