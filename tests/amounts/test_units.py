"""Euro, yen and dinar: right wherever an amount is typed, shown, sent and read."""

from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.rewards.amounts import Inputs, worth
from referral.foundation.errors import Invalid
from referral.foundation.money import (
    LIMIT_MINOR,
    convert,
    digits,
    rate,
    share,
    split,
    step_minor,
)
from referral.gateways.stripe.reading import read
from referral.gateways.stripe.units import at_stripe, from_stripe, payable
from referral.surfaces.web.amounts import read_amount, typed_amount
from referral.surfaces.web.words import money

CURRENCIES = st.sampled_from(["eur", "usd", "jpy", "krw", "kwd", "bhd", "isk", "ugx", "huf", "twd"])
AMOUNTS = st.integers(0, LIMIT_MINOR)
SHOWN = [
    ("eur", 12345, "€123.45", "123.45"),
    ("jpy", 12345, "JP¥12,345", "12345"),
    ("kwd", 12340, "KWD\u00a012.340", "12.340"),
    ("bhd", 5, "BHD\u00a00.005", "0.005"),
    ("isk", 500, "ISK\u00a0500", "500"),
    ("ugx", 500, "UGX\u00a0500", "500"),
    ("huf", 12345, "HUF\u00a0123.45", "123.45"),
    ("twd", 12345, "NT$123.45", "123.45"),
    ("rsd", 12345, "RSD\u00a0123.45", "123.45"),
]


@pytest.mark.parametrize(("currency", "amount_minor", "shown", "typed"), SHOWN)
def test_an_amount_is_shown_and_typed_in_its_own_decimals(
    currency: str, amount_minor: int, shown: str, typed: str
) -> None:
    assert money(amount_minor, currency) == shown
    assert typed_amount(amount_minor, currency) == typed
    assert read_amount(typed, currency, field="amount") == amount_minor


@given(AMOUNTS, CURRENCIES)
def test_what_goes_to_stripe_comes_back_the_same(amount_minor: int, currency: str) -> None:
    assert from_stripe(at_stripe(amount_minor, currency), currency) == amount_minor
    assert payable(amount_minor, currency) % step_minor(currency) == 0
    assert 0 <= amount_minor - payable(amount_minor, currency) < step_minor(currency)


def test_stripes_krona_and_shilling_are_read_in_whole_units() -> None:
    for currency, paid in (("isk", 50000), ("ugx", 50000), ("jpy", 500), ("kwd", 500)):
        invoice = {
            "id": "in_1",
            "customer": "cus_1",
            "amount_paid": paid,
            "total_taxes": [{"amount": paid // 5}],
            "currency": currency,
            "billing_reason": "subscription_cycle",
        }
        event = {"type": "invoice.paid", "created": 1_790_000_000, "data": {"object": invoice}}
        [fact] = read(event)
        assert (fact.gross_minor, fact.tax_minor, fact.is_renewal) == (500, 100, True)


@pytest.mark.parametrize("reason", ["subscription_create", "manual", None])
def test_only_a_cycle_of_a_subscription_is_a_renewal(reason: str | None) -> None:
    invoice = {"id": "in_1", "amount_paid": 5, "currency": "eur", "billing_reason": reason}
    event = {"type": "invoice.paid", "created": 1_790_000_000, "data": {"object": invoice}}
    assert read(event)[0].is_renewal is False  # type: ignore[union-attr]


@given(AMOUNTS, CURRENCIES, CURRENCIES, st.fractions(Fraction(1, 10**6), Fraction(10**6)))
def test_a_conversion_is_the_nearest_unit_and_a_tie_the_even_one(
    amount_minor: int, base: str, quote: str, worth_of: Fraction
) -> None:
    exact = amount_minor * worth_of * Fraction(10 ** digits(quote), 10 ** digits(base))
    found = convert(amount_minor, worth_of, base=base, quote=quote)
    if exact > LIMIT_MINOR:
        assert found == LIMIT_MINOR
        return
    assert 2 * abs(found - exact) <= 1
    assert 2 * abs(found - exact) < 1 or found % 2 == 0


@given(AMOUNTS, st.integers(1, 10_000), CURRENCIES)
def test_a_rate_of_dinars_is_a_multiple_of_ten_and_nearest(
    base_minor: int, rate_bp: int, currency: str
) -> None:
    step = step_minor(currency)
    found = worth(Inputs(None, rate_bp, None, base_minor, 1, step_minor=step))
    assert found == rate(base_minor, rate_bp, step=step)
    assert found % step == 0
    assert 2 * abs(found - Fraction(base_minor * rate_bp, 10_000)) <= step


@given(
    st.integers(0, 10**9),
    CURRENCIES,
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
)
def test_shares_of_refunds_in_any_steps_end_at_the_whole(
    steps_of_reward: int, currency: str, parts: list[int]
) -> None:
    amount, whole, step = steps_of_reward * step_minor(currency), sum(parts), step_minor(currency)
    taken, so_far = 0, 0
    for part in parts:
        so_far += part
        now = share(amount, so_far, whole, step=step)
        assert now >= taken
        assert now % step == 0
        taken = now
    assert taken == amount


@given(st.integers(0, LIMIT_MINOR), st.lists(st.integers(0, 100), min_size=1).filter(any))
def test_tiers_and_sides_split_without_loss(amount_minor: int, weights: list[int]) -> None:
    assert sum(split(amount_minor, weights)) == amount_minor


def test_an_offer_of_a_thousandth_of_a_dinar_is_refused(app: Flask) -> None:
    for amount_minor, currency, is_refused in ((1235, "kwd", True), (1230, "kwd", False),
                                               (1235, "jpy", False)):  # fmt: skip
        terms = OfferTerms(
            Side.ADVOCATE, Kind.ACCOUNT_CREDIT, Trigger.SIGNUP, amount_minor=amount_minor
        )
        if is_refused:
            with pytest.raises(Invalid):
                terms.check(currency)
        else:
            terms.check(currency)
