"""What the entries of the record are about, loaded together; knows nothing of how they read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from referral.domain.businesses import Operator
from referral.domain.people import Person
from referral.domain.programs import Offer, Program
from referral.domain.rewards import Redemption, Reward
from referral.domain.rewards.charities import Charity
from referral.domain.rewards.gift_stock import GiftStock
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id

_QUERIES: dict[str, tuple[type[Any], Select[Any]]] = {
    "rwd": (Reward, select(Reward).options(joinedload(Reward.person))),
    "prg": (Program, select(Program)),
    "ofr": (Offer, select(Offer)),
    "per": (Person, select(Person)),
    "opr": (Operator, select(Operator)),
    "gst": (GiftStock, select(GiftStock)),
    "cha": (Charity, select(Charity)),
    "rdm": (Redemption, select(Redemption)),
}


def subjects(ids: Iterable[str]) -> dict[str, Any]:
    """Return what is still there of these public ids, in one query for each kind."""
    wanted: dict[str, list[Any]] = {}
    for text in set(ids):
        kind = text[:3]
        if kind in _QUERIES:
            try:
                wanted.setdefault(kind, []).append(parse_public_id(kind, text))
            except NotFound:
                continue
    return {
        row.public_id: row
        for kind, keys in wanted.items()
        for row in session.scalars(_QUERIES[kind][1].where(_QUERIES[kind][0].id.in_(keys)))
    }
