"""`POST /widget/v1/signups`: sign somebody up, and answer the same whoever they are (S-37).

Anybody can type anybody's address here. So nothing known of a person is answered or changed: the
invitation is told as for a newcomer, the link shown is one that names nobody, and the link that
carries a name goes to the mailbox.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Response, g, jsonify, request

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.links import Link, give_link
from referral.domain.people import Identity, find_person
from referral.domain.programs import Program, Side, current_offers
from referral.domain.reports.invitation import UNPROVED, invitation, program_meant
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.surfaces.web.limits import business_key, limit, limiter
from referral.surfaces.web.settings import public_url
from referral.surfaces.widget import words
from referral.surfaces.widget.bodies import SignupBody
from referral.surfaces.widget.mail import mail_link
from referral.surfaces.widget.shapes import shown_link, welcome


@limiter.limit(lambda: limit("10 per minute"))
@limiter.limit(lambda: limit("300 per day"))
@limiter.limit(lambda: limit("1200 per minute"), key_func=business_key)
def create() -> tuple[Response, int]:
    """Sign somebody up; repeating it changes nothing and answers the same."""
    body, at = SignupBody.read(request), clock.now()
    program = program_meant(g.business.id, body.program)
    identity = Identity.read(email=body.email, name=body.name)
    told = Told(tokens=(body.token,) if body.token else (), code=body.code)
    with transaction():
        seen = invitation(told, program, at=at)
        link = _sign_up(program, identity, told, at=at)
    offers = current_offers(program.id)
    friend = offers.get(Side.FRIEND) if program.is_open else None
    return (
        jsonify(
            **welcome(program, seen, offers),
            message=words.thanks(g.business.name, seen, friend),
            link=shown_link(link) if link else None,
            portal_url=public_url(f"/portal/{g.business.slug}"),
        ),
        201,
    )


def _sign_up(program: Program, identity: Identity, told: Told, *, at: datetime) -> Link | None:
    """Decide the signup, and give links while the program is open: one to show, one to mail.

    Otherwise nobody is shown one, so that the answer does not tell who had a link before.
    """
    if find_person(program.business_id, identity) is not None:
        identity = replace(identity, name=None)
    person = journey.join(program.business, program, identity, told, at=at).person
    if not program.is_open:
        return None
    mail_link(journey.enroll(person, program, at=at), to=identity.email or "", at=at)
    return give_link(person, program, at=at, source=UNPROVED)
