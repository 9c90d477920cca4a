"""The signup form inside a business's own site: its script, and what the script asks.

Knows a publishable key and the origins it may speak from. Refuses to know who is a customer:
whatever is answered here is the same for a stranger and for everybody else.
"""

from flask import Flask

from referral.surfaces.web.csrf import csrf
from referral.surfaces.web.policy import Door, Need, declare, guard
from referral.surfaces.widget.door import check_visitor
from referral.surfaces.widget.routes import widget

__all__ = ["add_to"]


def add_to(app: Flask) -> None:
    """Add the surface's routes, and the door that a publishable key opens."""
    guard(Door.PUBLISHABLE_KEY, check_visitor)
    declare("widget.script", Need.public())
    for endpoint in ("widget.config", "widget.signups"):
        declare(endpoint, Need.door_of(Door.PUBLISHABLE_KEY))
    csrf.exempt(widget)
    app.register_blueprint(widget)
