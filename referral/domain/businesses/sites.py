"""Taking a site away from a business."""

from __future__ import annotations

from urllib.parse import urlsplit

from referral.domain.businesses.businesses import Business, Site
from referral.foundation.db import session
from referral.foundation.errors import Conflict


class MainSite(Conflict):
    """The business's own site cannot be taken away."""

    code = "main_site"
    message = "This is your own site's address. It stays."


def remove_site(business: Business, site: Site) -> None:
    """Remove an origin, so that the widget answers it no more; raises MainSite for the own site."""
    if urlsplit(business.site_url).netloc.lower() == urlsplit(site.origin).netloc:
        raise MainSite
    session.delete(site)
    session.flush()
