"""Ids, secrets and waiting: what goes in comes out, and nothing else does."""

import string
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.foundation import crypto
from referral.foundation.due import LONGEST_WAIT, wait_after
from referral.foundation.errors import NotFound
from referral.foundation.ids import key_at, moment_of, new_key, parse_public_id, public_id

NEW_YEAR = datetime(2000, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 10**15).map(lambda us: NEW_YEAR + timedelta(microseconds=us))
PURPOSES = st.text(string.ascii_lowercase, min_size=1, max_size=9)


@pytest.fixture(autouse=True)
def secret() -> None:
    crypto.use_secret("a secret for tests only, long enough")


@given(st.uuids())
def test_a_public_id_reads_back(key: uuid.UUID) -> None:
    text = public_id("rwd", key)
    assert parse_public_id("rwd", text) == key
    assert len(text) == 30
    assert text == text.lower()


@given(st.uuids(), st.uuids())
def test_public_ids_sort_as_their_keys_do(one: uuid.UUID, other: uuid.UUID) -> None:
    assert (one < other) == (public_id("rwd", one) < public_id("rwd", other))


@given(st.uuids(), st.sampled_from(["per", "rw", "", "rwdx"]))
def test_the_id_of_another_noun_is_not_found(key: uuid.UUID, prefix: str) -> None:
    with pytest.raises(NotFound):
        parse_public_id(prefix, public_id("rwd", key))


@given(st.text(max_size=40))
def test_no_other_text_is_an_id(text: str) -> None:
    with pytest.raises(NotFound):
        parse_public_id("rwd", text)


def test_an_id_beyond_all_keys_is_not_found() -> None:
    with pytest.raises(NotFound):
        parse_public_id("rwd", "rwd_" + "z" * 26)


@given(MOMENTS)
def test_a_key_made_at_a_moment_tells_it_to_the_millisecond(at: datetime) -> None:
    assert timedelta(0) <= at - moment_of(key_at(at)) < timedelta(milliseconds=1)


def test_later_keys_sort_after_earlier_ones() -> None:
    keys = [new_key() for _ in range(1000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == 1000


@given(st.integers(0, 200), st.floats(0, 1, exclude_max=True))
def test_waiting_doubles_from_two_seconds_to_five_minutes_within_a_quarter(
    attempts: int, chance: float
) -> None:
    wait = wait_after(attempts, jitter=lambda: chance)
    plain = min(timedelta(seconds=2 ** min(attempts, 20)), LONGEST_WAIT)
    assert plain * 0.75 <= wait <= plain * 1.25


@given(st.integers(1, 8), st.floats(0, 1, exclude_max=True))
def test_a_later_try_never_waits_much_less(attempts: int, chance: float) -> None:
    assert wait_after(attempts + 1, jitter=lambda: chance) >= wait_after(
        attempts, jitter=lambda: chance
    )


@given(st.text(max_size=300))
def test_what_is_sealed_is_read_back_and_cannot_be_seen(text: str) -> None:
    sealed = crypto.seal(text)
    assert crypto.unseal(sealed) == text
    assert len(text) < 9 or text not in sealed


@given(st.text(max_size=50), st.data())
def test_a_changed_seal_is_broken(text: str, data: st.DataObject) -> None:
    sealed = crypto.seal(text)
    place = data.draw(st.integers(0, len(sealed) - 5))
    letter = data.draw(st.sampled_from(string.ascii_letters).filter(lambda x: x != sealed[place]))
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed[:place] + letter + sealed[place + 1 :])


@given(PURPOSES, PURPOSES, st.binary(max_size=50), st.integers(8, 32))
def test_a_signature_is_bound_to_its_purpose_and_message(
    purpose: str, other: str, message: bytes, length: int
) -> None:
    signature = crypto.sign(purpose, message, length=length)
    assert len(signature) == length
    assert crypto.is_signed(purpose, message, signature)
    assert not crypto.is_signed(purpose, message + b"x", signature)
    assert crypto.is_signed(other, message, signature) == (other == purpose)


@given(PURPOSES, st.text(max_size=50))
def test_a_keyed_hash_needs_our_secret(purpose: str, text: str) -> None:
    ours = crypto.keyed_hash(purpose, text)
    crypto.use_secret("the secret of somebody else, long enough")
    try:
        assert crypto.keyed_hash(purpose, text) != ours
    finally:
        crypto.use_secret("a secret for tests only, long enough")
    assert crypto.keyed_hash(purpose, text) == ours
