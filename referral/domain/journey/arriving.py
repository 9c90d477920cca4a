"""Somebody follows a link: the visit is recorded, and its token carries the credit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from referral.domain.links import NewClick, Token, make_token, read_token, record_clicks
from referral.foundation.ids import key_at


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of somebody who follows a link; the address is hashed already."""

    device: str
    referrer_host: str | None
    address_hash: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One human visit through a link, with the token it was given."""

    business_id: uuid.UUID
    token: str
    visit: Visit
    at: datetime

    @property
    def click(self) -> NewClick:
        """Return the click to record; raises ValueError for a token we did not sign."""
        followed = read_token(self.token)
        if followed is None:
            raise ValueError("a visit is recorded with a token of our own")
        return {
            "id": followed.click_id,
            "business_id": self.business_id,
            "link_id": followed.link_id,
            "at": self.at,
            "device": self.visit.device,
            "referrer_host": self.visit.referrer_host,
            "address_hash": self.visit.address_hash,
        }


def token_for(link_id: uuid.UUID, *, at: datetime) -> str:
    """Return a fresh signed token for a visit through a link; it needs no database."""
    return make_token(Token(link_id, key_at(at)))


def arrive(business_id: uuid.UUID, token: str, visit: Visit, *, at: datetime) -> None:
    """Record the human visit a token was made for, in one statement."""
    arrive_together([Arrival(business_id, token, visit, at)])


def arrive_together(arrivals: Sequence[Arrival]) -> None:
    """Record many human visits in one statement; each belongs to the business of its link."""
    record_clicks([arrival.click for arrival in arrivals])
