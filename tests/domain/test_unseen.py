"""Names and titles that others see keep nothing that cannot be seen, wherever they come from."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import ApiKey, Role, create_business, invite, issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.domain.people import Identity
from referral.domain.programs import ProgramTerms, create_program
from referral.domain.purchases import CustomerFact
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.gateways.stripe.reading import read
from tests.cast import NOON

TRICK = "\u202eAli\x00ce\u2069\u200f  Tea\x85"
SEEN = "Alice Tea"


def test_a_person_is_called_what_can_be_seen() -> None:
    assert Identity.read(email="alice@mail.example", name=TRICK).name == SEEN
    assert Identity.read(email="alice@mail.example", name="\u202e\u2069").name is None


def test_a_customer_of_stripe_is_called_what_can_be_seen() -> None:
    customer = {"id": "cus_1", "object": "customer", "name": TRICK, "created": 1_700_000_000}
    event = {
        "type": "customer.created", "created": 1_700_000_000, "data": {"object": customer},
    }  # fmt: skip
    [fact] = read(event)
    assert isinstance(fact, CustomerFact)
    assert fact.claim.name == SEEN


def test_a_business_its_staff_keys_and_programs_are_called_what_can_be_seen(app: Flask) -> None:
    with transaction():
        business = create_business(TRICK, site_url="https://tea.example/", currency="eur", at=NOON)
        with within(business.id):
            operator = invite(
                business.id, "olive@tea.example", role=Role.OWNER, name=TRICK, at=NOON
            )
            terms = ProgramTerms(name=TRICK, landing_url="https://tea.example/")
            program = create_program(business, terms, at=NOON)
            issue_key(business.id, KeyKind.SECRET, name=TRICK, at=NOON)
    with within(business.id):
        key = session.scalars(select(ApiKey)).one()
    assert {business.name, operator.name, program.name, key.name} == {SEEN}


@pytest.mark.parametrize("name", ["\u202e", "\x00\u200f "])
def test_a_program_of_an_unseen_name_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        ProgramTerms(name=name, landing_url="https://tea.example/").check()
    assert set(refused.value.fields) == {"name"}


def test_a_business_of_an_unseen_name_is_refused(app: Flask) -> None:
    with pytest.raises(Invalid) as refused, transaction():
        create_business("\u202e", site_url="https://tea.example/", currency="eur", at=NOON)
    assert set(refused.value.fields) == {"name"}
