"""Every route of the API, in the order its document tells them."""

from __future__ import annotations

from flask import Blueprint

from referral.surfaces.api import (
    choices,
    credit,
    gifts,
    links,
    people,
    programs,
    purchases,
    rates,
    referrals,
    refunds,
    reviews,
    rewards,
    signups,
)
from referral.surfaces.api.docs import add_docs
from referral.surfaces.api.layer import view_of

RESOURCES = (
    people.route,
    links.route,
    signups.route,
    purchases.route,
    refunds.route,
    referrals.route,
    rewards.route,
    choices.route,
    gifts.route,
    reviews.route,
    credit.route,
    programs.route,
    rates.route,
)
ROUTES = tuple(route for resource in RESOURCES for route in resource.routes)

api = Blueprint("api", __name__, url_prefix="/api")
links.answer_unknown_codes(api)
credit.say_what_is_left(api)

for route in ROUTES:
    api.add_url_rule(
        "/v1" + route.path.replace("{", "<").replace("}", ">"),
        route.name,
        view_of(route),
        methods=[route.method],
        provide_automatic_options=False,
    )
add_docs(api, RESOURCES)
