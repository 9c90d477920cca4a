"""Whether a request is a human visit, and the little we keep of it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from crawlerdetect import CrawlerDetect
from werkzeug.wrappers import Request

from referral.domain.links import Visit
from referral.foundation.crypto import keyed_hash
from referral.foundation.ids import key_at
from referral.surfaces.web.networks import network_of

_PREVIEWS = (
    "whatsapp",
    "telegrambot",
    "slackbot",
    "slack-img",
    "facebookexternalhit",
    "discordbot",
    "twitterbot",
    "linkedinbot",
    "skypeuripreview",
    "googleother",
    "bingpreview",
    "applebot",
    "viber",
    "mattermost",
    "embedly",
    "iframely",
)


def is_human(request: Request) -> bool:
    """Tell whether somebody opened the link: no robot, preview, prefetch, or part of a page.

    A browser driven by a program is taken for a browser: it opens pages as people do, and what
    signs up through it is judged like everybody else.
    """
    if request.method != "GET":
        return False
    purposes = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    if any("prefetch" in request.headers.get(name, "").lower() for name in purposes):
        return False
    if request.headers.get("X-Purpose", "").lower() == "preview":
        return False
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        return False
    return not is_robot(request.user_agent.string or "")


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Tell whether a user agent is a program's; no user agent at all is one."""
    plain = agent.replace("HeadlessChrome", "Chrome")
    if not plain.strip() or any(name in plain.lower() for name in _PREVIEWS):
        return True
    return bool(CrawlerDetect(user_agent=plain).isCrawler())


def describe(request: Request, code: str, *, at: datetime) -> Visit:
    """Return what we keep of a visit; what is not known is left out and nothing fails."""
    agent = (request.user_agent.string or "").lower()
    device = "phone" if "mobi" in agent else "tablet" if "ipad" in agent else "computer"
    return Visit(
        id=key_at(at),
        code=code,
        at=at,
        device=device,
        referrer_host=_host_of(request.referrer),
        address_hash=keyed_hash("visitor address", network_of(request.remote_addr)),
    )


def _host_of(referrer: str | None) -> str | None:
    try:
        return urlsplit(referrer or "").hostname
    except ValueError:
        return None
