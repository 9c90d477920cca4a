"""The console: where a business sees what came in, what needs somebody, and why things happened.

It knows one operator of one business at a time, and lets each role do what its line in the table
of routes allows.
"""

from flask import Flask

from referral.domain.businesses import credentials
from referral.surfaces.console.dev import dev
from referral.surfaces.console.door import check_operator
from referral.surfaces.console.frame import way_home
from referral.surfaces.console.routes import ROUTES, console
from referral.surfaces.web.errors import frame_bad_news
from referral.surfaces.web.policy import Door, Need, declare, guard

__all__ = ["add_to"]


def add_to(app: Flask) -> None:
    """Add the surface's routes."""
    if app.extensions["settings"].is_test:
        credentials.use_cheap_hashes()
    guard(Door.OPERATOR, check_operator)
    for route in ROUTES:
        declare(f"console.{route.name}", route.need)
    app.register_blueprint(console)
    for name in ("outbox", "mail", "look"):
        declare(f"dev.{name}", Need.public())
    app.register_blueprint(dev)
    frame_bad_news("/console", way_home)
