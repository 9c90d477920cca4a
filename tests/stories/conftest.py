"""Stories go all the way: link, visit, checkout at practice Stripe, credit."""

import pytest

from tests.stories.settings import app, practice, trade

__all__ = ["app", "order_count", "practice", "trade"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let somebody with time try every order."""
    parser.addoption("--orders", type=int, help="how many orders of events to try for each tale")


@pytest.fixture
def order_count(request: pytest.FixtureRequest) -> int | None:
    """How many orders to try; None for the few that fit everyday runs."""
    chosen: int | None = request.config.getoption("--orders", None)
    return chosen
