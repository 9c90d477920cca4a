"""Codes people can say on the telephone: no look-alikes, and one wrong character is caught.

Nine random characters of 29 and a check character. The check is a weighted sum modulo the prime
29 with a different weight at each place, so every single wrong character and every two swapped
ones change it (ISO/IEC 7064 argues the same way for a prime modulus).
"""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
LENGTH = 10
_MODULUS = len(ALPHABET)
_PLACE = {letter: number for number, letter in enumerate(ALPHABET)}
_IGNORED = str.maketrans("", "", " -\u2010\u2011\u2012\u2013\u2014\u00a0_.")


def make_code() -> str:
    """Make a code of nine random characters (43 bits) and their check character."""
    body = [secrets.choice(ALPHABET) for _ in range(LENGTH - 1)]
    return "".join(body) + _check_of(body)


def read_code(text: str) -> str:
    """Return a typed code as stored: upper case, without spaces and hyphens."""
    return text.translate(_IGNORED).upper()


def is_code(code: str) -> bool:
    """Tell whether a read code has the right characters and the right check."""
    return len(code) == LENGTH and set(code) <= set(ALPHABET) and _sum(code) == 0


def spoken(code: str) -> str:
    """Return a code as people see it: two groups of five."""
    return f"{code[:5]}-{code[5:]}"


def neighbours(code: str) -> list[str]:
    """List the right codes that are one wrong character, or two swapped ones, away."""
    if len(code) != LENGTH:
        return []
    found = {_mended(code, place) for place in range(LENGTH)}
    for place in range(LENGTH - 1):
        found.add(code[:place] + code[place + 1] + code[place] + code[place + 2 :])
    return sorted(near for near in found if near and near != code and is_code(near))


def _mended(code: str, place: int) -> str | None:
    """Replace the character at one place by the only one that makes the check right."""
    others = code[:place] + code[place + 1 :]
    if not set(others) <= set(ALPHABET):
        return None
    rest = sum(_weight(i) * _PLACE[code[i]] for i in range(LENGTH) if i != place)
    number = -rest * pow(_weight(place), -1, _MODULUS) % _MODULUS
    return code[:place] + ALPHABET[number] + code[place + 1 :]


def _check_of(body: list[str]) -> str:
    rest = sum(_weight(i) * _PLACE[letter] for i, letter in enumerate(body))
    return ALPHABET[-rest * pow(_weight(LENGTH - 1), -1, _MODULUS) % _MODULUS]


def _sum(code: str) -> int:
    return sum(_weight(i) * _PLACE[letter] for i, letter in enumerate(code)) % _MODULUS


def _weight(place: int) -> int:
    return place + 1
