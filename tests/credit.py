"""Somebody with store credit, earned as in life."""

from dataclasses import replace
from itertools import count

from sqlalchemy import select

from referral.domain.businesses import Actor, within
from referral.domain.people import Person
from referral.domain.programs import ProgramTerms, Trigger, create_program, publish_offer
from referral.domain.rewards import CreditBalance, Redemption, redeem
from referral.foundation.db import session, transaction
from referral.foundation.money import Money
from tests.cast import Shop, store_credit
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
_friends = count(1)


def give_credit(
    shop: Shop,
    amount_minor: int = 1000,
    *,
    name: str = "alice",
    credit_life_days: int | None = None,
) -> Person:
    """Let a friend sign up in a program of its own, which gives somebody credit at once."""
    person = shop.customer(name)
    offer = store_credit(amount_minor, trigger=Trigger.SIGNUP, credit_life_days=credit_life_days)
    terms = ProgramTerms(name="Credit", landing_url="https://shop.example/credit")
    with within(shop.business.id), transaction():
        program = create_program(shop.business, terms, at=shop.now)
        publish_offer(program, offer, at=shop.now)
    there = replace(shop, program=program)
    there.signup(f"fred{next(_friends)}", token=there.click(there.link_of(person)))
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)
    return person


def spend(
    shop: Shop,
    person: Person,
    amount_minor: int,
    order: str = "order-1",
    *,
    actor: Actor = OLIVE,
) -> Redemption:
    """Let somebody pay with their credit, at the counter unless it is a key that takes it."""
    with within(shop.business.id), transaction():
        price = Money(amount_minor, "eur")
        return redeem(person, order, price, actor=actor, at=shop.now, note="Two cakes")[0]


def balance_of(person: Person) -> int:
    """Return what somebody has to spend."""
    with within(person.business_id):
        query = select(CreditBalance.balance_minor).where(CreditBalance.person_id == person.id)
        return session.scalar(query) or 0
