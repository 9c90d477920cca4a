"""How often something may be asked: counted in Redis when there is one, else in this process."""

from __future__ import annotations

import re

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded

from referral.foundation.errors import TooMany
from referral.surfaces.web.errors import _refused
from referral.surfaces.web.networks import network_of


def address_key() -> str:
    """Return who asks by network address."""
    return network_of(request.remote_addr)


def business_key() -> str:
    """Return who asks by business, so that one never uses up another's share."""
    business = g.get("business")
    return str(business.id) if business is not None else address_key()


limiter = Limiter(address_key, headers_enabled=True, strategy="moving-window")
_scale = 1.0
_processes = 2


def add_limits(app: Flask) -> None:
    """Choose where the counts live; without Redis's answer they go on in this process, tighter."""
    global _scale, _processes
    chosen = app.extensions["settings"]
    _scale = chosen.rate_limit_scale
    _processes = max(2, chosen.web_processes)
    app.config["RATELIMIT_STORAGE_URI"] = _storage(chosen.redis_url)
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = bool(chosen.redis_url)
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _exceeded)


def _storage(redis_url: str) -> str:
    """Return the address as the counting library spells it: a socket of Redis is `redis+unix`."""
    return f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url or "memory://"


def limit(rule: str) -> str:
    """Scale a limit such as `30 per minute` by the setting RATE_LIMIT_SCALE, at least one.

    While Redis does not answer, each process takes its share only (F-41).
    """
    number, rest = re.fullmatch(r"(\d+) (.+)", rule).groups()  # type: ignore[union-attr]
    scale = _scale / _processes if limiter._storage_dead else _scale
    return f"{max(1, round(int(number) * scale))} {rest}"


def _exceeded(error: RateLimitExceeded) -> Response:
    window = error.limit.limit.get_expiry() if error.limit else 60
    return _refused(TooMany(retry_after_s=window))
