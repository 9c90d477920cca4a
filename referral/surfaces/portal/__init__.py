"""The portal: where people who recommend see their link, their friends and their rewards.

It knows one signed-in person of one business at a time, and hands out nothing of anybody else
but a friend's first name and how far they have come.
"""

from flask import Flask

from referral.surfaces.portal.door import check_person
from referral.surfaces.portal.pages import around_bad_news
from referral.surfaces.portal.routes import PUBLIC, portal
from referral.surfaces.web.errors import frame_bad_news
from referral.surfaces.web.policy import Door, Need, declare, guard


def add_to(app: Flask) -> None:
    """Add the surface's routes; what is not named public is for a signed-in person."""
    app.register_blueprint(portal)
    guard(Door.PERSON, check_person)
    frame_bad_news("/portal", around_bad_news)
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("portal."):
            name = rule.endpoint.removeprefix("portal.")
            declare(rule.endpoint, Need.public() if name in PUBLIC else Need.door_of(Door.PERSON))
