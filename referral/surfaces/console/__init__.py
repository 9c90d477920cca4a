"""The console surface."""

from flask import Flask

from referral.domain.businesses import credentials


def add_to(app: Flask) -> None:
    """Add the surface's routes."""
    if app.extensions["settings"].is_test:
        credentials.use_cheap_hashes()
