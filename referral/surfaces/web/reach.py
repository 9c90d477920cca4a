"""Where requests to servers of businesses may go, as this installation is set up."""

from __future__ import annotations

from referral.gateways.hooks import Reach
from referral.surfaces.web.settings import settings


def reach() -> Reach:
    """Return what may be reached: loopback never in production, private networks if named."""
    chosen = settings()
    return Reach(loopback=not chosen.is_production, networks=chosen.networks_reached)
