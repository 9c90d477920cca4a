"""Codes and tokens: every slip is noticed, nothing forged is read."""

import base64
import string
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from referral.domain.links import (
    Token,
    is_code,
    make_code,
    make_token,
    neighbours,
    read_code,
    read_token,
    spoken,
)
from referral.domain.links.codes import ALPHABET, LENGTH, _check_of
from referral.domain.links.tokens import PREFIX
from referral.foundation import crypto
from referral.foundation.ids import key_at

BODIES = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)
CODES = BODIES.map(lambda body: body + _check_of(list(body)))
PLACES = st.integers(0, LENGTH - 1)
TOKENS = st.builds(Token, st.uuids(), st.uuids())
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
STRIPE_KEEPS = set(string.ascii_letters + string.digits + "-_")


@pytest.fixture(autouse=True)
def secret() -> None:
    crypto.use_secret("a secret for tests only, long enough")


@given(CODES)
def test_every_code_we_make_is_a_code(code: str) -> None:
    assert is_code(code)
    assert is_code(make_code())


@given(CODES, PLACES)
def test_every_single_wrong_character_is_noticed(code: str, place: int) -> None:
    for letter in set(ALPHABET) - {code[place]}:
        wrong = code[:place] + letter + code[place + 1 :]
        assert not is_code(wrong)
        assert code in neighbours(wrong)


@given(CODES, PLACES, PLACES)
def test_any_two_swapped_characters_are_noticed(code: str, one: int, other: int) -> None:
    assume(code[one] != code[other])
    letters = list(code)
    letters[one], letters[other] = letters[other], letters[one]
    swapped = "".join(letters)
    assert not is_code(swapped)
    if abs(one - other) == 1:
        assert code in neighbours(swapped)


@given(CODES, PLACES)
def test_a_missing_or_doubled_character_is_noticed(code: str, place: int) -> None:
    assert not is_code(code[:place] + code[place + 1 :])
    assert not is_code(code[:place] + code[place] + code[place:])


@given(CODES, st.data())
def test_a_code_reads_the_same_in_any_case_and_spacing(code: str, data: st.DataObject) -> None:
    typed = "".join(
        data.draw(st.sampled_from([letter, letter.lower()]))
        + data.draw(st.sampled_from(["", "", " ", "-", "\u2013", "."]))
        for letter in code
    )
    assert read_code(f"  {typed} ") == code
    assert read_code(read_code(typed)) == read_code(spoken(code)) == code


@given(st.text(max_size=30))
def test_reading_any_text_twice_is_reading_it_once(text: str) -> None:
    assert read_code(read_code(text)) == read_code(text)
    assert all(is_code(near) for near in neighbours(read_code(text)))


@given(CODES)
def test_a_right_code_is_not_its_own_neighbour(code: str) -> None:
    assert code not in neighbours(code)


@given(TOKENS)
def test_a_token_reads_back_with_and_without_its_prefix(token: Token) -> None:
    text = make_token(token)
    assert read_token(text) == read_token(PREFIX + text) == read_token(f" {text}\n") == token


@given(TOKENS)
def test_a_token_fits_where_stripe_keeps_it(token: Token) -> None:
    text = PREFIX + make_token(token)
    assert len(text) <= 200
    assert set(text) <= STRIPE_KEEPS


@given(TOKENS, st.integers(0, 48), st.integers(1, 255))
def test_no_changed_byte_of_a_token_is_read(token: Token, place: int, flip: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(make_token(token) + "=="))
    raw[place] ^= flip
    assert read_token(base64.urlsafe_b64encode(raw).decode().rstrip("=")) is None


@given(TOKENS, st.integers(0, 65), st.sampled_from(sorted(STRIPE_KEEPS)))
def test_no_changed_character_names_another_link(token: Token, place: int, letter: str) -> None:
    text = make_token(token)
    changed = text[:place] + letter + text[place + 1 :]
    assert read_token(changed) in (None, token)
    assert changed == text or read_token(changed) is None or place == 65


@given(st.text(max_size=100))
def test_whatever_else_is_sent_is_no_token(text: str) -> None:
    assert read_token(text) is None


@given(TOKENS)
def test_a_token_of_another_installation_is_no_token(token: Token) -> None:
    text = make_token(token)
    crypto.use_secret("the secret of somebody else, long enough")
    try:
        assert read_token(text) is None
    finally:
        crypto.use_secret("a secret for tests only, long enough")


@given(st.integers(0, 10**15).map(lambda us: NOON + timedelta(microseconds=us)))
def test_a_token_carries_its_moment_to_the_millisecond(at: datetime) -> None:
    token = Token(uuid.uuid4(), key_at(at))
    assert timedelta(0) <= at - token.at < timedelta(milliseconds=1)
