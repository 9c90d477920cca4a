"""Amounts, moments and counts read as the reader writes them."""

import doctest
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_babel import force_locale

from referral.surfaces.web import words

AT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def test_the_examples_of_the_module_are_true():
    assert doctest.testmod(words).failed == 0


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1000, "eur", "€10.00"),
        (-5, "usd", "-US$0.05"),
        (1000, "jpy", "JP¥1,000"),
        (1000, "bhd", "BHD1.000"),
        (2**53 + 1, "eur", "€90,071,992,547,409.93"),
    ],
)
def test_money_uses_the_digits_of_its_own_currency(minor: int, currency: str, written: str):
    assert words.money(minor, currency).replace("\xa0", "") == written


def test_money_reads_anything_that_carries_an_amount():
    assert words.money(SimpleNamespace(amount_minor=250, currency="gbp")) == "£2.50"


def test_money_without_a_currency_is_refused():
    with pytest.raises(ValueError, match="currency"):
        words.money(1000)


def test_money_follows_the_reader(gallery: Flask):
    with gallery.test_request_context(), force_locale("de_DE"):
        assert words.money(123456, "eur") == "1.234,56\xa0€"


def test_a_moment_keeps_its_exact_time_beside_the_readable_one():
    assert words.moment(AT) == (
        '<time datetime="2026-11-21T14:05:00+00:00">21 Nov 2026, 14:05</time>'
    )


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        words.moment(AT.replace(tzinfo=None))


def test_a_day_takes_moments_and_dates():
    assert words.day(AT) == words.day(AT.date())


def test_ago_looks_both_ways():
    assert ">3 days ago<" in words.ago(AT - timedelta(days=3), AT)
    assert ">in 2 hours<" in words.ago(AT + timedelta(hours=2), AT)


def test_a_name_always_gets_the_same_colour():
    assert words.hue("alice") == words.hue("alice")
    assert {words.hue(name) for name in "abcdefghijklmnop"} == set(range(words.HUES))
