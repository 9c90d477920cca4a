"""Security headers of every answer: nothing inline, nothing foreign, no frames, no leaks."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from referral.surfaces.web.settings import settings

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def add_headers(app: Flask) -> None:
    """Set the headers of every answer."""
    app.after_request(_set)


def believe_proxies(app: Flask) -> None:
    """Believe as many proxies about the visitor as the settings name; call it after the front."""
    hops = app.extensions["settings"].trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]


def harden(answer: BaseResponse, *, is_static: bool = False) -> None:
    """Set every header that the answer does not set otherwise itself."""
    for name, value in _ALWAYS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if not is_static:
        answer.headers.setdefault("Cache-Control", "no-store")
    if settings().is_https:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _set(answer: Response) -> Response:
    harden(answer, is_static=request.endpoint == "static")
    return answer
