"""Names in other scripts than ASCII: as addresses, and found again whatever their capitals."""

import doctest

import pytest
from flask import Flask

from referral.domain.attribution import Outcome
from referral.domain.businesses import businesses, create_business, within
from referral.domain.people import search_people
from referral.foundation import folding
from referral.foundation.db import session, transaction
from tests.cast import NOON, open_shop

NAMES = ["ÖZGÜR Şahin", "Łukasz ÑANDÚ", "Ελένη ΔΉΜΟΥ", "Анна ЖУК"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Köln Röstöfen", "koln-rostofen"),
        ("Groß & Weiß", "gross-weiss"),
        ("Æbler, Ærø", "aebler-aero"),
        ("Crème Brûlée", "creme-brulee"),
        ("東京", "business"),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_a_business_is_addressed_in_plain_letters(app: Flask, name: str, slug: str) -> None:
    with transaction():
        made = create_business(name, site_url="https://shop.example/", currency="eur", at=NOON)
    assert made.slug == slug


def test_the_examples_of_the_modules_are_true() -> None:
    assert doctest.testmod(businesses).failed == 0
    assert doctest.testmod(folding).failed == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("write", [str, str.lower, str.upper])
def test_somebody_is_found_in_any_script_and_capitals(app: Flask, name: str, write) -> None:
    shop = open_shop()
    for number, known in enumerate(NAMES):
        shop.customer(f"person{number}", full_name=known)
    with within(shop.business.id):
        found = session.scalars(search_people(write(name))).all()
    assert [person.name for person in found] == [name]


def test_a_stated_name_counts_whatever_its_capitals(app: Flask) -> None:
    shop = open_shop()
    shop.link_of(shop.customer("ozgur", full_name="ÖZGÜR Şahan"))
    shop.link_of(shop.customer("alice"))
    joined = shop.signup("bob", told_by="özgür ŞAHAN")
    assert joined.signup.outcome == Outcome.REFERRED
