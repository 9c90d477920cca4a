"""A street with one shop on it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from referral.foundation import clock
from referral.surfaces.redirects import directory
from tests.cast import open_shop
from tests.redirects.street import Street


@pytest.fixture
def street(app: Flask, client: FlaskClient) -> Street:
    """A shop whose links people follow."""
    return Street(app, open_shop(at=clock.now()), client)


@pytest.fixture(autouse=True)
def fresh_directory() -> Iterator[None]:
    """Let nothing be known of links from before."""
    yield
    directory._known.clear()
