"""What the widget is told, as JSON: facts in fields, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referral.domain.links import Link
from referral.domain.programs import Offer, Program, Side
from referral.domain.reports.invitation import Invitation
from referral.surfaces.web.promises import offer_words
from referral.surfaces.web.qr import draw
from referral.surfaces.web.rules import newcomer_cautions
from referral.surfaces.web.settings import public_url
from referral.surfaces.widget import words

Offers = Mapping[Side, Offer]


def welcome(program: Program, seen: Invitation, offers: Offers) -> dict[str, Any]:
    """Return what a visitor may know before they sign up; the offers of an open program only."""
    shown = offers if program.is_open else {}
    friend, advocate = shown.get(Side.FRIEND), shown.get(Side.ADVOCATE)
    cautions = newcomer_cautions(program, shown, is_invited=seen.is_good)
    return {
        "business": {"name": program.business.name},
        "program": {
            "id": program.public_id,
            "name": program.name,
            "state": program.state,
            "is_open": program.is_open,
        },
        "invitation": _invitation(seen),
        "friend_offer": _offer(friend) if friend and seen.is_good else None,
        "advocate_offer": _offer(advocate) if advocate else None,
        "heading": words.heading(program.business.name, seen),
        "disclosure": words.disclosure(program, seen, advocate, cautions),
        "cautions": cautions,
    }


def shown_link(link: Link) -> dict[str, Any]:
    """Return a link with its code as people say it, and its QR code to draw."""
    url = public_url(f"/r/{link.code}")
    return {"url": url, "code": link.spoken_code, "qr": draw(url)._asdict()}


def _invitation(seen: Invitation) -> dict[str, Any]:
    return {
        "outcome": seen.decision.outcome,
        "reason": seen.decision.reason,
        "message": words.invitation(seen),
        "invited_by": seen.inviter,
        "code_error": words.wrong_code(seen),
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "words": offer_words(offer),
        "kind": offer.kind,
        "trigger": offer.trigger,
        "amount_minor": offer.amount_minor,
        "rate_bp": offer.rate_bp,
        "minimum_minor": offer.minimum_minor,
        "currency": offer.currency,
    }
