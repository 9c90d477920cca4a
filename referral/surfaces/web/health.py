"""Whether this process lives, is ready, and how it fares; numbers only, no personal data."""

from __future__ import annotations

import hmac

from flask import Blueprint, Flask, Response, jsonify, redirect, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from referral.foundation import clock
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.surfaces.web.alive import alive
from referral.surfaces.web.backlog import backlog
from referral.surfaces.web.policy import Need, declare
from referral.surfaces.web.settings import settings

health = Blueprint("health", __name__)
health.add_url_rule("/healthz", view_func=alive)


def add_health(app: Flask) -> None:
    """Add the front door and the three addresses a machine watches."""
    declare("health.front", Need.public())
    declare("health.alive", Need.public())
    declare("health.ready", Need.public())
    declare("health.metrics", Need.public())
    app.register_blueprint(health)


@health.get("/")
def front() -> BaseResponse:
    """Lead whoever comes without an address to the console's door; people have their own."""
    return redirect("/console")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer 200 when the database answers and is migrated, else 503."""
    try:
        session.execute(text("SELECT version_num FROM alembic_version")).first()
    except SQLAlchemyError:
        session.rollback()
        return jsonify(status="unavailable", database="no answer"), 503
    return jsonify(status="ok", database="ok"), 200


@health.get("/metrics")
def metrics() -> Response:
    """Answer Prometheus; with METRICS_TOKEN set only to its bearer, in production never without.

    Counters are this process's own; the work that is due is counted in the database.
    """
    token = settings().metrics_token.get_secret_value()
    if settings().is_production and not token:
        raise NotFound
    offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(offered.encode(), token.encode()):
        raise NotFound
    counted = generate_latest() + backlog(at=clock.now())
    return Response(counted, content_type=CONTENT_TYPE_LATEST)
