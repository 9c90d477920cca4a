"""`GET /widget/v1/config`: what the form shows before anybody has said who they are."""

from __future__ import annotations

from flask import Response, g, jsonify, request

from referral.domain.attribution import Told
from referral.domain.programs import current_offers
from referral.domain.reports.invitation import invitation, program_meant
from referral.foundation import clock
from referral.surfaces.web.limits import business_key, limit, limiter
from referral.surfaces.widget.shapes import welcome


@limiter.limit(lambda: limit("60 per minute"))
@limiter.limit(lambda: limit("6000 per minute"), key_func=business_key)
def read() -> Response:
    """Answer the business, the program, who invited, and the offers."""
    asked = request.args
    program = program_meant(g.business.id, asked.get("program"))
    token, code = asked.get("ref", ""), asked.get("code")
    told = Told(tokens=(token[:300],) if token else (), code=code[:100] if code else None)
    seen = invitation(told, program, at=clock.now())
    return jsonify(welcome(program, seen, current_offers(program.id)))
