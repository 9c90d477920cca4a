"""All the plumbing, in the order requests pass through it."""

from flask import Flask

from referral.surfaces.web.csrf import csrf
from referral.surfaces.web.errors import add_errors
from referral.surfaces.web.headers import add_headers
from referral.surfaces.web.health import add_health
from referral.surfaces.web.limits import add_limits
from referral.surfaces.web.locale import add_locale
from referral.surfaces.web.logs import add_logs
from referral.surfaces.web.look import init_look
from referral.surfaces.web.policy import add_policy
from referral.surfaces.web.retrying import add_retrying
from referral.surfaces.web.sessions import add_sessions


def add_web(app: Flask) -> None:
    """Add the plumbing in the order requests pass through it."""
    add_logs(app)
    add_headers(app)
    add_errors(app)
    add_locale(app)
    add_sessions(app)
    csrf.init_app(app)
    add_limits(app)
    add_policy(app)
    add_health(app)
    add_retrying(app)
    init_look(app)
