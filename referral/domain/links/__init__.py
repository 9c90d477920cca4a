"""A person's address and code in a program, and the people who came by it."""

from referral.domain.links.arriving import Place, Visit, arrive, find_places, find_places_after
from referral.domain.links.codes import (
    is_code,
    make_code,
    neighbours,
    read_code,
    spoken,
)
from referral.domain.links.links import (
    Click,
    Link,
    did_you_mean,
    find_by_code,
    give_link,
    has_link,
    has_link_in,
)
from referral.domain.links.tokens import Token, make_token, read_token

__all__ = [
    "Click",
    "Link",
    "Place",
    "Token",
    "Visit",
    "arrive",
    "did_you_mean",
    "find_by_code",
    "find_places",
    "find_places_after",
    "give_link",
    "has_link",
    "has_link_in",
    "is_code",
    "make_code",
    "make_token",
    "neighbours",
    "read_code",
    "read_token",
    "spoken",
]
