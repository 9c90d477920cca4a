"""Where providers tell us things: verified on the raw bytes, kept once, answered at once."""

from flask import Flask

from referral.surfaces.hooks.routes import hooks
from referral.surfaces.web.csrf import csrf
from referral.surfaces.web.policy import Door, Need, declare


def add_to(app: Flask) -> None:
    """Add the surface's routes."""
    declare("hooks.stripe", Need.door_of(Door.SIGNATURE))
    csrf.exempt(hooks)
    app.register_blueprint(hooks)
