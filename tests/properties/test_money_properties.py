"""Money: shares, rates and splits lose nothing, make nothing, and round one way."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.domain.rewards.amounts import Inputs, worth
from referral.foundation.money import (
    LIMIT_MINOR,
    CurrencyMismatch,
    Money,
    digits,
    half_even,
    rate,
    share,
    split,
)

AMOUNTS = st.integers(0, LIMIT_MINOR)
CURRENCIES = st.sampled_from(["jpy", "eur", "kwd"])


@given(AMOUNTS, AMOUNTS, st.integers(1, LIMIT_MINOR))
def test_a_share_is_the_nearest_whole_unit_and_never_more_than_the_amount(
    amount: int, part: int, whole: int
) -> None:
    taken = share(amount, part, whole)
    exact = Fraction(amount * min(part, whole), whole)
    assert 0 <= taken <= amount
    assert abs(taken - exact) <= Fraction(1, 2)
    assert abs(taken - exact) < Fraction(1, 2) or taken % 2 == 0


@given(AMOUNTS, st.lists(AMOUNTS, min_size=2, max_size=2), st.integers(1, LIMIT_MINOR))
def test_a_share_never_falls_when_more_goes_back(amount: int, parts: list[int], whole: int) -> None:
    less, more = sorted(parts)
    assert share(amount, less, whole) <= share(amount, more, whole)


@given(AMOUNTS, st.integers(1, LIMIT_MINOR))
def test_the_share_of_everything_is_everything(amount: int, whole: int) -> None:
    assert share(amount, whole, whole) == share(amount, whole + 7, whole) == amount
    assert share(amount, 0, whole) == share(amount, 5, 0) == 0


@given(AMOUNTS, st.integers(0, 10_000))
def test_a_rate_is_the_nearest_whole_unit_and_at_most_the_base(base: int, rate_bp: int) -> None:
    found = rate(base, rate_bp)
    assert 0 <= found <= base
    assert abs(found - Fraction(base * rate_bp, 10_000)) <= Fraction(1, 2)


@given(st.integers(-LIMIT_MINOR, LIMIT_MINOR))
def test_a_tie_goes_to_the_even_unit(whole: int) -> None:
    tie = Fraction(2 * whole + 1, 2)
    assert half_even(tie) in (whole, whole + 1)
    assert half_even(tie) % 2 == 0


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(sum))
def test_a_split_sums_to_the_whole_and_each_part_is_near_its_share(
    amount: int, weights: list[int]
) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert part >= 0


@given(AMOUNTS, st.integers(1, 9))
def test_equal_parts_differ_by_at_most_one(amount: int, count: int) -> None:
    parts = split(amount, [1] * count)
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_a_split_without_weights_is_refused() -> None:
    for weights in ([0, 0], [1, -1], [-1, 2]):
        with pytest.raises(ValueError, match="not all zero"):
            split(10, weights)


@given(st.integers(-(10**11), 10**11), st.integers(-(10**11), 10**11), CURRENCIES)
def test_adding_and_taking_away_again_changes_nothing(one: int, other: int, code: str) -> None:
    total = Money(one, code) + Money(other, code)
    assert total - Money(other, code) == Money(one, code)
    negative = -total
    assert (-negative, negative.amount_minor) == (total, -total.amount_minor)


@given(st.lists(CURRENCIES, min_size=2, max_size=2, unique=True))
def test_two_currencies_are_never_added(codes: list[str]) -> None:
    one, other = (Money(1, code) for code in codes)
    with pytest.raises(CurrencyMismatch):
        one + other
    with pytest.raises(CurrencyMismatch):
        one - other


def test_minor_units_have_the_digits_of_their_currency() -> None:
    assert [digits(code) for code in ("jpy", "eur", "kwd")] == [0, 2, 3]


@pytest.mark.parametrize("amount", [1.0, "1", True, None])
def test_only_whole_numbers_are_money(amount: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Money(amount, "eur")  # type: ignore[arg-type]


@given(AMOUNTS, st.integers(1, 10_000), st.none() | st.integers(1, LIMIT_MINOR))
def test_a_reward_of_a_rate_never_exceeds_its_cap_or_what_was_paid(
    base: int, rate_bp: int, cap: int | None
) -> None:
    inputs = Inputs(None, rate_bp, cap, base, 1)
    amount = worth(inputs)
    assert 0 <= amount <= base
    assert cap is None or amount <= cap
    assert worth(Inputs(**inputs.as_json())) == amount
