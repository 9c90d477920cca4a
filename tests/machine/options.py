"""How many random histories are tried, and which."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the state machine."""
    parser.addoption(
        "--machine-examples",
        type=int,
        default=6,
        help="how many random histories the state machine tells on SQLite",
    )


@pytest.fixture
def machine_examples(request: pytest.FixtureRequest) -> int:
    """How many histories to tell."""
    return int(request.config.getoption("--machine-examples"))
