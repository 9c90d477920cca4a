"""The api surface."""

from flask import Flask


def add_to(app: Flask) -> None:
    """Add the surface's routes."""
