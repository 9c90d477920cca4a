"""Links: somebody's address, code and QR in a program, and what a typed code stands for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from flask import Blueprint, Response, json
from pydantic import Field

from referral.domain.links import Link, did_you_mean, find_by_code, read_code, spoken
from referral.domain.programs import Side, current_offers
from referral.domain.rewards.limits import LIMITS, limits_of
from referral.foundation.errors import NotFound
from referral.foundation.ids import public_id
from referral.surfaces.api.contract import LinkId, Moment, Out, PersonId, ProgramId
from referral.surfaces.api.layer import Call, Resource
from referral.surfaces.web.errors import problem
from referral.surfaces.web.settings import public_url

route = Resource("Links", "The address, the code and the QR somebody shares.")


LimitReason = StrEnum("LimitReason", {name: name for name in sorted(LIMITS)})  # type: ignore[misc]


class LimitOut(Out):
    """A limit that holds no more reward for the owner of a link: tell them before they share."""

    reason: Annotated[LimitReason, Field(description="The same code a refused reward has.")]
    opens_at: Annotated[
        Moment | None, Field(description="From when it counts again by itself; null: not known.")
    ]


class LinkOut(Out):
    """Somebody's link in a program; the code is read in any case, with or without the hyphen."""

    id: LinkId
    code: Annotated[str, Field(examples=["7KMPQ-2XVRJ"])]
    url: Annotated[str, Field(description="The address to share.")]
    qr_svg_url: Annotated[str, Field(description="The address as a QR code, for the web.")]
    qr_png_url: Annotated[str, Field(description="The address as a QR code, for print and mail.")]
    program: ProgramId
    person: PersonId
    created_at: Moment
    limits: Annotated[
        list[LimitOut], Field(description="What is reached now; empty while rewards are earned.")
    ]

    @classmethod
    def of(cls, link: Link, *, at: datetime) -> LinkOut:
        """Write a link and what its owner can still get by a moment."""
        offer = current_offers(link.program_id).get(Side.ADVOCATE)
        reached = limits_of(link.program, offer, link.person, at=at) if offer else []
        return cls(
            id=link.public_id,
            code=link.spoken_code,
            url=public_url(f"/r/{link.code}"),
            qr_svg_url=public_url(f"/q/{link.code}.svg"),
            qr_png_url=public_url(f"/q/{link.code}.png"),
            program=public_id("prg", link.program_id),
            person=public_id("per", link.person_id),
            created_at=link.created_at,
            limits=[
                LimitOut(reason=LimitReason(one.reason), opens_at=one.opens_at) for one in reached
            ],
        )


class UnknownCode(NotFound):
    """No link of the business has this code; perhaps one a slip away does."""

    code = "unknown_code"
    message = "No link has this code."

    def __init__(self, did_you_mean: str | None = None) -> None:
        self.did_you_mean = did_you_mean
        super().__init__()


@route.get("/links/{code}", gives=LinkOut, refuses=(UnknownCode,))
def get_link(call: Call, code: str) -> LinkOut:
    """Look up a code as somebody typed it.

    Case, spaces and hyphens do not matter. A code with one wrong character is never taken for
    another: the refusal offers the one it may have been as `did_you_mean`.
    """
    written = read_code(code)
    link = find_by_code(written)
    if link is None or link.business_id != call.business.id:
        near = did_you_mean(written, call.business)
        raise UnknownCode(spoken(near) if near else None)
    return LinkOut.of(link, at=call.at)


def answer_unknown_codes(blueprint: Blueprint) -> None:
    """Have the refusal of a mistyped code carry the one it may have been."""
    blueprint.register_error_handler(UnknownCode, _unknown)


def _unknown(refusal: UnknownCode) -> Response:
    answer = problem(404, refusal.code, refusal.message)
    if refusal.did_you_mean:
        body = {**(answer.get_json() or {}), "did_you_mean": refusal.did_you_mean}
        answer.set_data(json.dumps(body))
    return answer
