"""Keys that sort by time, and the public ids people and programs see; knows no table."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import uuid6

from referral.foundation.errors import NotFound

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26


def new_key() -> uuid.UUID:
    """Make a UUIDv7: unique everywhere, and later ones sort after earlier ones."""
    return uuid6.uuid7()


def key_at(moment: datetime) -> uuid.UUID:
    """Make a UUIDv7 whose time is the given moment, to the millisecond."""
    milliseconds = int(moment.timestamp() * 1000)
    fresh = uuid6.uuid7().int & ((1 << 80) - 1)
    return uuid.UUID(int=(milliseconds << 80) | fresh)


def moment_of(key: uuid.UUID) -> datetime:
    """Return the moment a UUIDv7 was made at, in UTC, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def public_id(prefix: str, key: uuid.UUID) -> str:
    """Write a key as people see it: a prefix for its noun and 26 letters and digits."""
    number, letters = key.int, []
    for _ in range(_LENGTH):
        number, rest = divmod(number, 32)
        letters.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(letters))}"


def parse_public_id(prefix: str, text: str) -> uuid.UUID:
    """Read a public id back; raises NotFound for another noun's or a broken one."""
    found, _, letters = text.partition("_")
    if found != prefix or len(letters) != _LENGTH or not set(letters) <= set(_ALPHABET):
        raise NotFound
    number = 0
    for letter in letters:
        number = number * 32 + _ALPHABET.index(letter)
    if number >> 128:
        raise NotFound
    return uuid.UUID(int=number)
