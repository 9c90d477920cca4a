"""Addresses of every script are kept as they are sent, and what is no address is refused."""

from __future__ import annotations

import pytest
from flask import Flask

from referral.domain.businesses import create_business, within
from referral.domain.businesses.businesses import address_of, has_origin, origin_of
from referral.domain.programs import ProgramTerms, create_program
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid
from tests.cast import NOON, open_shop


@pytest.mark.parametrize(
    ("typed", "kept", "origin"),
    [
        (
            "https://münchen.example/ü",
            "https://xn--mnchen-3ya.example/%C3%BC",
            "https://xn--mnchen-3ya.example",
        ),
        (
            "http://Straße.example:8080/a?q=ä%20b#ö",
            "http://xn--strae-oqa.example:8080/a?q=%C3%A4%20b#%C3%B6",
            "http://xn--strae-oqa.example:8080",
        ),
        (
            "https://例え.example/{a}",
            "https://xn--r8jz45g.example/{a}",
            "https://xn--r8jz45g.example",
        ),
        ("https://shop.example/ü", "https://shop.example/%C3%BC", "https://shop.example"),
        (" https://Shop.example/?a= ", "https://Shop.example/?a=", "https://shop.example"),
    ],
)
def test_an_address_of_any_script_is_kept_as_it_is_sent(typed: str, kept: str, origin: str) -> None:
    assert address_of(typed, field="site_url") == kept
    assert origin_of(typed, field="site_url") == origin_of(kept, field="site_url") == origin


@pytest.mark.parametrize(
    "typed",
    [
        "https://shop.example/\x00",
        "https://sh\x00op.example/",
        "https://shop.example/ü\x80",
        "https://münchen@shop.example/",
        "https://münchen@münchen/",
        "https://mün\u202echen.example/",
        "https://mün chen.example/",
        "https://shop.example\uff0fmallory.example/",
        "https://-ü-.example/",
        "https://ü.example:port/",
        "ü",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    for read in (address_of, origin_of):
        with pytest.raises(Invalid) as refused:
            read(typed, field="landing_url")
        assert set(refused.value.fields) == {"landing_url"}


def test_a_program_lands_on_an_international_address(app: Flask) -> None:
    shop = open_shop()
    terms = ProgramTerms(name="Freunde", landing_url="https://münchen.example/ü")
    with within(shop.business.id), transaction():
        program = create_program(shop.business, terms, at=NOON)
        assert has_origin(shop.business.id, "https://xn--mnchen-3ya.example")
    assert program.landing_url == "https://xn--mnchen-3ya.example/%C3%BC"


def test_a_landing_address_is_refused_by_its_own_name() -> None:
    with pytest.raises(Invalid) as refused:
        ProgramTerms(name="Friends", landing_url="https://shop.example/\x00").check()
    assert set(refused.value.fields) == {"landing_url"}


def test_a_business_of_an_international_site_is_found_there(app: Flask) -> None:
    with transaction():
        business = create_business("Café", site_url="https://café.example", currency="eur", at=NOON)
    assert business.site_url == "https://xn--caf-dma.example"
