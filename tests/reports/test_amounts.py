"""What people type as an amount is read exactly or asked for again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.foundation.errors import Invalid
from referral.foundation.money import LIMIT_MINOR
from referral.surfaces.web.amounts import read_amount, read_rate, typed_amount, typed_rate


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("10", "eur", 1000),
        ("10.5", "eur", 1050),
        ("10,50", "eur", 1050),
        (" 1 000.00 ", "eur", 100000),
        ("0.01", "usd", 1),
        ("1000", "jpy", 1000),
        ("1.250", "kwd", 1250),
        ("10000000000", "eur", LIMIT_MINOR),
    ],
)
def test_an_amount_is_read_exactly(text: str, currency: str, amount_minor: int) -> None:
    assert read_amount(text, currency, field="amount") == amount_minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "eur"),
        ("-1", "eur"),
        ("1,000", "eur"),
        ("1.000,00", "eur"),
        ("10.005", "eur"),
        ("10.5", "jpy"),
        ("1e3", "eur"),
        ("NaN", "eur"),
        ("\uff11\uff10", "eur"),
        ("10000000000.01", "eur"),
        ("9" * 40, "eur"),
    ],
)
def test_what_is_not_exact_is_asked_for_again_at_its_field(text: str, currency: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_amount(text, currency, field="budget")
    assert list(refused.value.fields) == ["budget"]


@given(st.integers(0, LIMIT_MINOR), st.sampled_from(["eur", "jpy", "kwd", "usd"]))
def test_what_is_shown_for_typing_reads_back_the_same(amount_minor: int, currency: str) -> None:
    shown = typed_amount(amount_minor, currency)
    assert read_amount(shown, currency, field="amount") == amount_minor


@given(st.integers(1, 10_000))
def test_a_rate_reads_back_the_same(rate_bp: int) -> None:
    assert read_rate(typed_rate(rate_bp), field="rate") == rate_bp


@pytest.mark.parametrize("text", ["", "0", "100.01", "-5", "33.333", "ten", "1000"])
def test_a_rate_lies_above_nothing_and_at_most_at_the_whole(text: str) -> None:
    with pytest.raises(Invalid):
        read_rate(text, field="rate")
