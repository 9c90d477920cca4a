"""Where a recommendation is followed: short links and QR pictures; knows nobody signed in."""

from flask import Flask

from referral.surfaces.redirects.directory import keep_fresh
from referral.surfaces.redirects.front import Front

__all__ = ["Front", "add_to", "keep_fresh"]


def add_to(app: Flask) -> None:
    """Add the surface's routes; the busiest one is answered by the front."""
    from referral.surfaces.redirects.routes import redirects
    from referral.surfaces.web.policy import Need, declare

    for endpoint in ("redirects.follow", "redirects.qr_svg", "redirects.qr_png"):
        declare(endpoint, Need.public())
    app.register_blueprint(redirects)
