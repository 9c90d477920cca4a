"""The mail with somebody's own link, for the mailbox that proves whose it is."""

from __future__ import annotations

from datetime import datetime

from referral.domain.links import Link
from referral.domain.notices import notify
from referral.domain.programs import Side, current_offers
from referral.surfaces.web.promises import offer_words
from referral.surfaces.web.settings import public_url


def mail_link(link: Link, *, to: str, at: datetime) -> None:
    """Write down one mail a day with the link of a person in a program."""
    offer = current_offers(link.program_id).get(Side.ADVOCATE)
    notify(
        link.business_id,
        "your_link",
        to=to,
        once_key=f"your_link:{link.id}:{at:%Y-%m-%d}",
        at=at,
        said={
            "link": public_url(f"/r/{link.code}"),
            "code": link.spoken_code,
            "offer": offer_words(offer) if offer else "",
        },
    )
