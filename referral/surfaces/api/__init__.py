"""The API for servers: JSON in and out, one secret key per business, one OpenAPI document.

Knows how things are named and refused outside. Refuses to know how anything is decided.
"""

from flask import Flask

from referral.surfaces.api import door
from referral.surfaces.api.routes import ROUTES, api
from referral.surfaces.web.csrf import csrf
from referral.surfaces.web.policy import Door, Need, declare, guard


def add_to(app: Flask) -> None:
    """Add the surface's routes; all but the document and its page need a secret key."""
    guard(Door.SECRET_KEY, door.admit)
    for route in ROUTES:
        declare(f"api.{route.name}", Need.door_of(Door.SECRET_KEY))
    declare("api.document", Need.public())
    declare("api.docs", Need.public())
    csrf.exempt(api)
    app.register_blueprint(api)
